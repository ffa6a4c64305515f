// ChildProcess is the pool's end of one of its workers: the process and the two pipes (child.h).
// When it is destroyed the worker sees the pool gone, and drains. Nothing blocks; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/fd.h"
#include "shared/io/process.h"
#include "worker/pool/core.h"

namespace seaworthy::worker::pool {

class ChildProcess {
 public:
  static Result<ChildProcess> start(std::vector<std::string> argv,
                                    std::vector<std::string> environment);

  pid_t pid() const { return child_.pid; }
  // Readable when there are reports; -1 once there will be none.
  int report_fd() const { return reports_.get(); }
  // Readable when it has ended.
  int ended_fd() const { return child_.pidfd.get(); }

  // The state that it told last, if it told one since the last question.
  std::optional<State> read_state();
  bool has_ended() const;
  // Once, of one that has ended and whose reports were read: how, for people.
  std::string reap();

  void drain();
  void leave();

 private:
  ChildProcess(io::Child child, io::Fd control, io::Fd reports)
      : child_(std::move(child)), control_(std::move(control)), reports_(std::move(reports)) {}
  void tell(char word);
  void read_lines(std::optional<State>& state);

  io::Child child_;
  io::Fd control_;
  io::Fd reports_;
  std::string partial_line_;
  std::string trouble_;  // why it could not start
};

}  // namespace seaworthy::worker::pool
