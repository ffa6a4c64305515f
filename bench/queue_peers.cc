// The same work as bench/queue gives Seaworthy, done by others: for its comparison. One run a
// process; prints {"jobs": N, "seconds": S}.
//
//   queue_peers redis PORT WORKERS JOBS      lists: LPUSH, BLMOVE to another list, LREM from that
//   queue_peers beanstalkd PORT WORKERS JOBS put, reserve, delete
//   queue_peers router WORKERS JOBS          libzmq and nothing else: four messages a job, no state
//   queue_peers sqlite FILE GROUP JOBS       no network: three transitions a job, GROUP jobs a
//   commit
//
// A job is 200 bytes. A worker has one in hand: it takes the next together with the word that the
// last is done, as each of the protocols allows. Clients hand jobs in as fast as they are taken,
// with kAhead unanswered.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

namespace seaworthy::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kJobBytes = 200;
constexpr size_t kAhead = 256;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "queue_peers: %s\n", why.c_str());
  std::exit(1);
}

std::string job(uint64_t number) {
  std::string text = std::to_string(number) + ":";
  text.resize(kJobBytes, 'x');
  return text;
}

void print(uint64_t jobs, Clock::time_point start) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("{\"jobs\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(jobs),
              seconds);
}

// A connection to a server whose protocol is text; what came in and is not looked at yet is `in`.
class Link {
 public:
  explicit Link(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      fail("cannot connect");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Link() { close(fd_); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = write(fd_, text.data(), text.size());
      if (count < 0) fail("cannot write");
      text.remove_prefix(static_cast<size_t>(count));
    }
  }
  void receive() {
    std::array<char, 65536> buffer;
    const ssize_t count = read(fd_, buffer.data(), buffer.size());
    if (count <= 0) fail("the server closed the connection");
    in.erase(0, used_);
    used_ = 0;
    in.append(buffer.data(), static_cast<size_t>(count));
  }
  // The next line without its end, or none that is whole; `bytes` of data after it, if it says so.
  bool line(std::string_view& line) {
    const size_t end = in.find("\r\n", used_);
    if (end == std::string::npos) return false;
    line = std::string_view(in).substr(used_, end - used_);
    after_ = end + 2;
    return true;
  }
  // What follows the line, and its own end.
  bool data(size_t bytes, std::string_view& data) const {
    if (in.size() < after_ + bytes + 2) return false;
    data = std::string_view(in).substr(after_, bytes);
    return true;
  }
  void take(size_t bytes_of_data = SIZE_MAX) {
    used_ = after_ + (bytes_of_data == SIZE_MAX ? 0 : bytes_of_data + 2);
  }

 private:
  int fd_;
  std::string in;
  size_t used_ = 0;
  size_t after_ = 0;
};

// How a server's protocol says the four things.
struct Redis {
  static std::string command(std::initializer_list<std::string_view> words) {
    std::string text = "*" + std::to_string(words.size()) + "\r\n";
    for (std::string_view word : words)
      text += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    return text;
  }
  static std::string put(uint64_t number) { return command({"LPUSH", "jobs", job(number)}); }
  static std::string reserve() {
    return command({"BLMOVE", "jobs", "taken", "RIGHT", "LEFT", "0"});
  }
  static std::string finish(std::string_view, std::string_view data) {
    return command({"LREM", "taken", "-1", data});
  }
  // A job that came: its name and data; false: not yet whole, or another answer, which is taken.
  static bool job_in(Link& link, std::string_view line, std::string& name, std::string& data,
                     bool& whole) {
    whole = true;
    if (line.starts_with('-')) fail(std::string(line));
    if (!line.starts_with('$')) return link.take(), false;
    const size_t bytes = std::strtoul(line.data() + 1, nullptr, 10);
    std::string_view found;
    if (!link.data(bytes, found)) return whole = false;
    data = found;
    name.clear();
    link.take(bytes);
    return true;
  }
  static bool is_done(std::string_view line) { return line == ":1"; }
};

struct Beanstalkd {
  static std::string put(uint64_t number) {
    return "put 0 0 600 " + std::to_string(kJobBytes) + "\r\n" + job(number) + "\r\n";
  }
  static std::string reserve() { return "reserve\r\n"; }
  static std::string finish(std::string_view name, std::string_view) {
    return "delete " + std::string(name) + "\r\n";
  }
  static bool job_in(Link& link, std::string_view line, std::string& name, std::string& data,
                     bool& whole) {
    whole = true;
    if (!line.starts_with("RESERVED ")) {
      if (!line.starts_with("INSERTED") && line != "DELETED") fail(std::string(line));
      return link.take(), false;
    }
    const size_t space = line.find(' ', 9);
    const size_t bytes = std::strtoul(line.data() + space + 1, nullptr, 10);
    std::string_view found;
    const std::string got(line.substr(9, space - 9));
    if (!link.data(bytes, found)) return whole = false;
    name = got, data = found;
    link.take(bytes);
    return true;
  }
  static bool is_done(std::string_view line) { return line == "DELETED"; }
};

template <class Protocol>
void produce(uint16_t port, uint64_t jobs) {
  Link link(port);
  uint64_t sent = 0, answered = 0;
  while (answered < jobs) {
    std::string batch;
    for (; sent < jobs && sent < answered + kAhead; ++sent) batch += Protocol::put(sent);
    if (!batch.empty()) link.send(batch);
    link.receive();
    for (std::string_view line; link.line(line); link.take()) ++answered;
  }
}

template <class Protocol>
void run_server(uint16_t port, size_t workers, uint64_t jobs) {
  std::vector<std::unique_ptr<Link>> links;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < workers; ++i) {
    links.push_back(std::make_unique<Link>(port));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll, EPOLL_CTL_ADD, links[i]->fd(), &event);
    links[i]->send(Protocol::reserve());
  }
  const auto start = Clock::now();
  std::thread producer([&] { produce<Protocol>(port, jobs); });
  uint64_t done = 0;
  std::array<epoll_event, 64> events{};
  std::string name, data;
  while (done < jobs) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      Link& link = *links[events[static_cast<size_t>(i)].data.u64];
      link.receive();
      bool whole = true;
      for (std::string_view line; whole && link.line(line);) {
        if (Protocol::is_done(line)) ++done;
        if (Protocol::job_in(link, line, name, data, whole))
          link.send(Protocol::finish(name, data) + Protocol::reserve());
      }
    }
  }
  print(done, start);
  producer.join();
  close(epoll);
}

// ---- libzmq alone

constexpr size_t kWorkerThreads = 4;

// Workers say "give me one" and "done"; the router answers "here" and "noted".
void run_zmq_workers(zmq::context_t& context, const std::string& endpoint, size_t workers,
                     const std::atomic<bool>& stop) {
  std::vector<zmq::socket_t> sockets;
  std::vector<zmq::pollitem_t> items;
  for (size_t i = 0; i < workers; ++i) {
    sockets.emplace_back(context, zmq::socket_type::dealer);
    sockets.back().set(zmq::sockopt::linger, 0);
    sockets.back().connect(endpoint);
    sockets.back().send(zmq::str_buffer("give"), zmq::send_flags::none);
  }
  for (zmq::socket_t& socket : sockets) items.push_back({socket.handle(), 0, ZMQ_POLLIN, 0});
  while (!stop) {
    zmq::poll(items.data(), items.size(), std::chrono::milliseconds(50));
    for (size_t i = 0; i < sockets.size(); ++i) {
      if ((items[i].revents & ZMQ_POLLIN) == 0) continue;
      zmq::message_t message;
      while (sockets[i].recv(message, zmq::recv_flags::dontwait)) {
        if (message.size() != kJobBytes) continue;  // "noted"
        sockets[i].send(std::move(message), zmq::send_flags::none);
        sockets[i].send(zmq::str_buffer("give"), zmq::send_flags::none);
      }
    }
  }
}

void run_router(size_t workers, uint64_t jobs) {
  zmq::context_t context(1);
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::linger, 0);
  router.bind("tcp://127.0.0.1:*");
  const std::string endpoint = router.get(zmq::sockopt::last_endpoint);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(workers, kWorkerThreads); ++i)
    threads.emplace_back([&, count = workers / std::min(workers, kWorkerThreads)] {
      run_zmq_workers(context, endpoint, count, stop);
    });
  const std::string text = job(0);
  const auto start = Clock::now();
  uint64_t done = 0;
  while (done < jobs) {
    zmq::message_t peer, message;
    if (!router.recv(peer) || !router.recv(message)) continue;
    const bool is_done = message.size() == kJobBytes;
    done += is_done ? 1 : 0;
    router.send(peer, zmq::send_flags::sndmore);
    if (is_done)
      router.send(zmq::str_buffer("noted"), zmq::send_flags::none);
    else
      router.send(zmq::buffer(text), zmq::send_flags::none);
  }
  print(done, start);
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// ---- SQLite alone

void execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sqlite3_errmsg(database));
}

void run_sqlite(const char* file, uint64_t group, uint64_t jobs) {
  sqlite3* database = nullptr;
  if (sqlite3_open(file, &database) != SQLITE_OK) fail("cannot open the database");
  execute(database,
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
          "CREATE TABLE job (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, data TEXT NOT NULL)");
  std::array<sqlite3_stmt*, 2> statements{};
  sqlite3_prepare_v2(database, "INSERT INTO job VALUES (?1, 0, ?2)", -1, &statements[0], nullptr);
  sqlite3_prepare_v2(database, "UPDATE job SET state = ?2 WHERE id = ?1", -1, &statements[1],
                     nullptr);
  const auto step = [&](sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(database));
    sqlite3_reset(statement);
  };
  const auto start = Clock::now();
  // As in a queue that is always full: each commit holds a third of transition each.
  for (uint64_t first = 0; first < jobs + 2 * group; first += group) {
    execute(database, "BEGIN");
    for (uint64_t state = 0; state < 3; ++state) {
      for (uint64_t i = 0; i < group; ++i) {
        const uint64_t behind = state * group;
        if (first + i < behind || first + i - behind >= jobs) continue;
        const auto id = static_cast<sqlite3_int64>(first + i - behind);
        sqlite3_stmt* statement = statements[state == 0 ? 0 : 1];
        const std::string text = job(first);
        sqlite3_bind_int64(statement, 1, id);
        if (state == 0)
          sqlite3_bind_text(statement, 2, text.data(), static_cast<int>(text.size()),
                            SQLITE_TRANSIENT);
        else
          sqlite3_bind_int64(statement, 2, static_cast<sqlite3_int64>(state));
        step(statement);
      }
    }
    execute(database, "COMMIT");
  }
  print(jobs, start);
  for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  sqlite3_close(database);
}

int run(const std::vector<std::string>& words) {
  const auto number = [&](size_t i) { return std::strtoul(words.at(i).c_str(), nullptr, 10); };
  const auto port = [&] { return static_cast<uint16_t>(number(1)); };
  const std::string what = words.empty() ? "" : words[0];
  if (what == "redis" && words.size() == 4)
    return run_server<Redis>(port(), number(2), number(3)), 0;
  if (what == "beanstalkd" && words.size() == 4)
    return run_server<Beanstalkd>(port(), number(2), number(3)), 0;
  if (what == "router" && words.size() == 3) return run_router(number(1), number(2)), 0;
  if (what == "sqlite" && words.size() == 4)
    return run_sqlite(words[1].c_str(), number(2), number(3)), 0;
  std::fprintf(stderr,
               "usage: queue_peers redis|beanstalkd PORT WORKERS JOBS | router WORKERS JOBS | "
               "sqlite FILE GROUP JOBS\n");
  return 2;
}

}  // namespace
}  // namespace seaworthy::bench

int main(int argc, char** argv) { return seaworthy::bench::run({argv + 1, argv + argc}); }
