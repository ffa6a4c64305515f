// Browsers for bench/reporter: pages that are open, which only hear of changes, and programs that
// ask the API. One command a line on stdin, one JSON object a line as the answer:
//
//   open N AFTER                    have so many open pages that know of the events up to AFTER
//   events                          what each of them heard so far
//   close                           all of them
//   requests RATE SECONDS ADDRESS…  so many a second, in turns of each address, every other one
//                                   with the tag of the answer before; microseconds until the
//                                   whole answer was there, from when the request was due
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "shared/io/fd.h"

namespace seaworthy::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAsking = 32;  // connections that ask the API

io::Fd connect_to(uint16_t port) {
  io::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  std::perror("cannot connect to the reporter");
  std::exit(1);
}

std::string head_of(uint16_t port, const std::string& target, const std::string& more) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nConnection: keep-alive\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0\r\n"
         "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
         "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n" +
         more + "\r\n";
}

uint64_t number_in(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A page that is open: what it heard.
struct Page {
  io::Fd fd;
  std::string line;  // what came of one that has no end yet
  uint64_t last = 0, events = 0, missed = 0, everything = 0;
  bool is_welcome = false, is_lost = false;

  void take(std::string_view bytes) {
    for (size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      line += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      take_line();
      line.clear();
    }
    line += bytes;
  }

 private:
  void take_line() {
    if (line.starts_with("HTTP/1.1 ")) is_welcome = line.starts_with("HTTP/1.1 200");
    if (line == "event: change") ++events;
    if (line == "event: everything") ++everything;
    if (!line.starts_with("id: ")) return;
    const uint64_t id = number_in(std::string_view(line).substr(4));
    if (last > 0 && id != last + 1) ++missed;
    last = id;
  }
};

// All open pages, in a thread of their own.
class Pages {
 public:
  explicit Pages(uint16_t port) : port_(port) {}
  ~Pages() { close_all(); }

  void open(size_t count, const std::string& after) {
    close_all();
    const std::string head = head_of(
        port_, "/events?after=" + after,
        "Accept: text/event-stream\r\nCache-Control: no-cache\r\nReferer: http://127.0.0.1:" +
            std::to_string(port_) + "/\r\n");
    epoll_ = io::Fd(epoll_create1(EPOLL_CLOEXEC));
    pages_.resize(count);
    stop_ = false;
    for (size_t i = 0; i < count; ++i) {
      pages_[i].fd = connect_to(port_);
      pages_[i].last = number_in(after);
      (void)!write(pages_[i].fd.get(), head.data(), head.size());
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pages_[i].fd.get(), &event);
    }
    thread_ = std::thread([this] { run(); });
    const auto begun = Clock::now();
    while (count_of([](const Page& page) { return page.is_welcome || page.is_lost; }) < count &&
           Clock::now() - begun < std::chrono::seconds(60))
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    tell();
  }

  void tell() {
    const std::lock_guard lock(mutex_);
    uint64_t open = 0, lost = 0, missed = 0, everything = 0, total = 0;
    uint64_t least = UINT64_MAX, most = 0, behind = UINT64_MAX, ahead = 0;
    for (const Page& page : pages_) {
      open += page.is_welcome && !page.is_lost ? 1 : 0, lost += page.is_lost ? 1 : 0;
      missed += page.missed, everything += page.everything, total += page.events;
      least = std::min(least, page.events), most = std::max(most, page.events);
      behind = std::min(behind, page.last), ahead = std::max(ahead, page.last);
    }
    std::ostringstream out;
    out << "{\"open\": " << open << ", \"lost\": " << lost << ", \"missed\": " << missed
        << ", \"everything\": " << everything << ", \"events\": " << total
        << ", \"least\": " << least << ", \"most\": " << most << ", \"first_at\": " << ahead
        << ", \"last_at\": " << behind << ", \"reads\": " << reads_ << "}";
    std::printf("%s\n", out.str().c_str());
  }

  void close_all() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    pages_.clear();
    reads_ = 0;
  }

 private:
  void run() {
    std::array<epoll_event, 256> events{};
    std::array<char, 64 * 1024> bytes{};
    while (!stop_) {
      const int count =
          epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 50);
      const std::lock_guard lock(mutex_);
      for (int i = 0; i < count; ++i) {
        Page& page = pages_[events[static_cast<size_t>(i)].data.u64];
        const ssize_t got = ::read(page.fd.get(), bytes.data(), bytes.size());
        ++reads_;
        if (got > 0) {
          page.take({bytes.data(), static_cast<size_t>(got)});
        } else {
          page.is_lost = true;
          epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, page.fd.get(), nullptr);
        }
      }
    }
  }
  template <class Is>
  size_t count_of(Is is) {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::count_if(pages_.begin(), pages_.end(), is));
  }

  uint16_t port_;
  io::Fd epoll_;
  std::mutex mutex_;
  std::vector<Page> pages_;
  uint64_t reads_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// What came of asking.
struct Answers {
  std::vector<int64_t> times_us;
  uint64_t errors = 0, not_modified = 0, bytes = 0;
};

// One connection that asks, as browsers do, one question after the other.
class Asking {
 public:
  explicit Asking(uint16_t port) : port_(port), fd_(connect_to(port)) {}

  void ask(const std::string& target, bool with_tag, Clock::time_point due) {
    std::string more = "Accept: application/json\r\n";
    if (const std::string& tag = tags_[target]; with_tag && !tag.empty())
      more += "If-None-Match: " + tag + "\r\n";
    const std::string head = head_of(port_, target, more);
    (void)!write(fd_.get(), head.data(), head.size());
    if (read_answer(target)) {
      const auto took = Clock::now() - due;
      answers.times_us.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count());
      return;
    }
    ++answers.errors;
    fd_ = connect_to(port_);
  }
  Answers answers;

 private:
  bool read_answer(const std::string& target) {
    std::string text;
    size_t head = std::string::npos;
    for (std::array<char, 64 * 1024> bytes{};;) {
      const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
      if (got <= 0) return false;
      text.append(bytes.data(), static_cast<size_t>(got));
      if (head == std::string::npos) head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const uint64_t length = number_in(field(text, "\r\nContent-Length: "));
      if (text.size() >= head + 4 + length) break;
    }
    answers.bytes += text.size();
    tags_[target] = field(text, "\r\nETag: ");
    if (text.starts_with("HTTP/1.1 304")) ++answers.not_modified;
    return text.starts_with("HTTP/1.1 200") || text.starts_with("HTTP/1.1 304");
  }
  static std::string field(const std::string& text, std::string_view name) {
    const size_t found = text.substr(0, text.find("\r\n\r\n")).find(name);
    if (found == std::string::npos) return {};
    const size_t begin = found + name.size();
    return text.substr(begin, text.find('\r', begin) - begin);
  }

  uint16_t port_;
  io::Fd fd_;
  std::map<std::string, std::string> tags_;
};

void requests(uint16_t port, int64_t rate, int64_t seconds,
              const std::vector<std::string>& targets) {
  const auto start = Clock::now();
  const int64_t count = rate * seconds;
  std::vector<Answers> all(kAsking);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kAsking; ++t)
    threads.emplace_back([&, t] {
      Asking asking(port);
      for (int64_t i = static_cast<int64_t>(t); i < count; i += int64_t{kAsking}) {
        const auto due = start + std::chrono::microseconds(i * 1'000'000 / rate);
        std::this_thread::sleep_until(due);
        // Neither number divides the other, so that each connection asks for everything.
        const auto turn = static_cast<size_t>(i) / kAsking + t;
        asking.ask(targets[turn % targets.size()], turn / targets.size() % 2 == 1, due);
      }
      all[t] = std::move(asking.answers);
    });
  for (std::thread& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  Answers sum;
  for (Answers& one : all) {
    sum.times_us.insert(sum.times_us.end(), one.times_us.begin(), one.times_us.end());
    sum.errors += one.errors, sum.not_modified += one.not_modified, sum.bytes += one.bytes;
  }
  std::string list;
  for (const int64_t us : sum.times_us) list += (list.empty() ? "" : ", ") + std::to_string(us);
  std::printf(
      "{\"seconds\": %.3f, \"errors\": %llu, \"not_modified\": %llu, \"bytes\": %llu, "
      "\"times_us\": [%s]}\n",
      took, static_cast<unsigned long long>(sum.errors),
      static_cast<unsigned long long>(sum.not_modified), static_cast<unsigned long long>(sum.bytes),
      list.c_str());
}

void run(uint16_t port) {
  Pages pages(port);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "open") {
      size_t count = 0;
      std::string after;
      words >> count >> after;
      pages.open(count, after);
    } else if (command == "events") {
      pages.tell();
    } else if (command == "close") {
      pages.close_all();
      std::printf("{}\n");
    } else if (command == "requests") {
      int64_t rate = 0, seconds = 0;
      words >> rate >> seconds;
      std::vector<std::string> targets;
      for (std::string target; words >> target;) targets.push_back(target);
      requests(port, rate, seconds, targets);
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace seaworthy::bench

int main(int argc, char** argv) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (argc != 2) {
    std::fprintf(stderr, "usage: page_readers PORT\n");
    return 2;
  }
  seaworthy::bench::run(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  return 0;
}
