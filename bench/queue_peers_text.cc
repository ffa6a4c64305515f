// Servers whose protocol is lines of text: Redis and beanstalkd.
#include "bench/queue_peers.h"

#include <cstdlib>
#include <initializer_list>

namespace seaworthy::bench {
namespace {

// Lines of a link, and data after them.
class TextLink {
 public:
  explicit TextLink(uint16_t port) : link_(port) {}

  int fd() const { return link_.fd(); }
  void send(std::string_view text) const { link_.send(text); }
  void receive() { link_.receive(); }
  // The next line without its end, or none that is whole.
  bool line(std::string_view& line) {
    const size_t end = link_.in().find("\r\n");
    if (end == std::string_view::npos) return false;
    line = link_.in().substr(0, end);
    after_ = end + 2;
    return true;
  }
  // What follows the line, and its own end.
  bool data(size_t bytes, std::string_view& data) const {
    if (link_.in().size() < after_ + bytes + 2) return false;
    data = link_.in().substr(after_, bytes);
    return true;
  }
  void take() { link_.take(after_); }
  void take(size_t bytes_of_data) { link_.take(after_ + bytes_of_data + 2); }

 private:
  Link link_;
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
  static bool job_in(TextLink& link, std::string_view line, std::string& name, std::string& data,
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
  static bool job_in(TextLink& link, std::string_view line, std::string& name, std::string& data,
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
  TextLink link(port);
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
class TextWorker : public Worker {
 public:
  explicit TextWorker(uint16_t port) : link_(port) { link_.send(Protocol::reserve()); }

  int fd() const override { return link_.fd(); }
  uint64_t turn() override {
    link_.receive();
    uint64_t done = 0;
    bool whole = true;
    for (std::string_view line; whole && link_.line(line);) {
      if (Protocol::is_done(line)) ++done;
      if (Protocol::job_in(link_, line, name_, data_, whole))
        link_.send(Protocol::finish(name_, data_) + Protocol::reserve());
    }
    return done;
  }

 private:
  TextLink link_;
  std::string name_, data_;
};

template <class Protocol>
void run_server(uint16_t port, size_t count, uint64_t jobs) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < count; ++i)
    workers.push_back(std::make_unique<TextWorker<Protocol>>(port));
  run_workers(workers, jobs, [&] { produce<Protocol>(port, jobs); });
}

}  // namespace

void run_redis(uint16_t port, size_t workers, uint64_t jobs) {
  run_server<Redis>(port, workers, jobs);
}

void run_beanstalkd(uint16_t port, size_t workers, uint64_t jobs) {
  run_server<Beanstalkd>(port, workers, jobs);
}

}  // namespace seaworthy::bench
