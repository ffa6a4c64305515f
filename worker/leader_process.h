// LeaderProcess is the worker's end of a leader: its process and the two pipes (leader_protocol.h).
// When it is destroyed the leader sees the worker gone and kills the job. Nothing blocks; one
// thread.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/fd.h"
#include "shared/io/process.h"
#include "worker/leader_protocol.h"

namespace seaworthy::worker {

namespace leader_says {
struct Grew {
  uint64_t size_bytes = 0;
};
struct Note {
  std::string text;
};
// The first step runs.
struct Begun {};
// The outcome is in the spool.
struct Ended {};
// There is no outcome in the spool, because of this.
struct Broken {
  std::string reason;
};
}  // namespace leader_says
using LeaderReport = std::variant<leader_says::Grew, leader_says::Note, leader_says::Begun,
                                  leader_says::Ended, leader_says::Broken>;

class LeaderProcess {
 public:
  // One that waits for begin(). `program`: see LeaderProgram::path; `spool`, which is absolute, is
  // in its command line, for who looks for this worker's leaders.
  static Result<LeaderProcess> prepare(const std::string& program,
                                       const std::filesystem::path& spool);
  // Once. False: it is dead, and has done nothing.
  bool begin(const LeaderOptions& options);
  // Instead of begin(): there is nothing for it. Waits for its end, which takes no time.
  void dismiss();

  // Readable when there are reports.
  int report_fd() const { return reports_.get(); }
  // Readable when it has ended.
  int ended_fd() const { return child_.pidfd.get(); }
  pid_t pid() const { return child_.pid; }

  std::vector<LeaderReport> read_reports();
  // 0..255 or 128 + signal, once it has ended; none before. May be asked again.
  std::optional<int> exit_code();

  void cancel();
  void kill();

 private:
  LeaderProcess(io::Child child, io::Fd control, io::Fd reports);
  void tell(char word);

  io::Child child_;
  io::Fd control_;
  io::Fd reports_;
  std::string partial_line_;
  std::optional<int> exit_code_;
};

}  // namespace seaworthy::worker
