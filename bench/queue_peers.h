// What the parts of queue_peers share: the job, connections of text protocols and of framed ones,
// and the loop in which all workers of a run live. A client's mistake or a server's refusal ends
// the process with a line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::bench {

using Clock = std::chrono::steady_clock;

constexpr size_t kJobBytes = 200;
constexpr size_t kAhead = 256;

[[noreturn]] void fail(const std::string& why);
std::string job(uint64_t number);
void print(uint64_t jobs, Clock::time_point start);

// A connection to a server on this machine.
class Link {
 public:
  explicit Link(uint16_t port);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view bytes) const;
  // What has come, after what is left of what came before. Waits for the first byte.
  void receive();
  std::string_view in() const { return std::string_view(in_).substr(used_); }
  void take(size_t bytes) { used_ += bytes; }

 private:
  int fd_;
  std::string in_;
  size_t used_ = 0;
};

// One that takes jobs, with one in hand.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual int fd() const = 0;
  // Called when something has come; how many jobs it finished.
  virtual uint64_t turn() = 0;
};

// Until all jobs are finished that `produce`, in a thread of its own, hands in.
void run_workers(const std::vector<std::unique_ptr<Worker>>& workers, uint64_t jobs,
                 const std::function<void()>& produce);

void run_seaworthy(uint16_t port, size_t workers, uint64_t jobs);
void run_redis(uint16_t port, size_t workers, uint64_t jobs);
void run_beanstalkd(uint16_t port, size_t workers, uint64_t jobs);
void run_gearmand(uint16_t port, size_t workers, uint64_t jobs);
void run_rabbitmq(uint16_t port, size_t workers, uint64_t jobs);
void run_router(size_t workers, uint64_t jobs);
void run_sqlite(const char* file, uint64_t group, uint64_t jobs);

}  // namespace seaworthy::bench
