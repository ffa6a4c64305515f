// Part is one program that `seaworthy up` keeps alive: started through the shim that ties it to our
// life, its words appended to a log, and started again after a wait when it ends. The loop polls
// pidfd() and asks; nothing here waits, except for a process that has ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/up/backoff.h"
#include "cli/up/child_log.h"
#include "shared/base/time.h"
#include "shared/io/process.h"

namespace seaworthy::cli {

struct Ending {
  int exit_code = 0;  // 128 + signal
  Duration lived{0};
  bool first_life = false;
  std::vector<std::string> last_lines;  // of its log
  // "exit code 2", "signal 9 (Killed)".
  std::string how() const;
};

class Part {
 public:
  // argv[0] is a program of ours ("seaworthy-worker").
  Part(std::string name, std::vector<std::string> argv, ChildLog log);

  const std::string& name() const { return name_; }
  ChildLog& log() { return log_; }
  bool is_running() const { return child_.has_value(); }
  pid_t pid() const { return child_ ? child_->pid : -1; }
  int pidfd() const { return child_ ? child_->pidfd.get() : -1; }

  // `extra_fd` arrives as descriptor 3; -1: none.
  Result<Done> start(Instant now, int extra_fd = -1);
  // What its next lives are started with.
  void replace_command(std::vector<std::string> argv) { argv_ = std::move(argv); }
  // Call when pidfd() is readable.
  Ending reap(Instant now);
  // Plans the next start; how long until then.
  Duration schedule(Instant now, Duration lived);
  std::optional<Instant> restart_at() const { return restart_at_; }
  void forget_restart() { restart_at_.reset(); }
  void signal(int number) const;

 private:
  std::string name_;
  std::vector<std::string> argv_;
  ChildLog log_;
  std::optional<io::Child> child_;
  std::optional<Instant> restart_at_;
  Instant started_;
  unsigned lives_ = 0;
  Backoff backoff_;
};

}  // namespace seaworthy::cli
