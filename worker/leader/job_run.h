// JobRun is the leader's view of the processes below it while they run: one place where it waits,
// for the job's output, for ended children, for the worker's word and for the time-out, all at
// once. Output goes to the log as it comes; the worker is told of growth at most every
// kGrowthEvery. Descriptors 0 and 3 are the worker's (leader_protocol.h). Single-threaded; owns the
// job's output pipe.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/io/fd.h"
#include "worker/confinement.h"
#include "worker/output.h"

namespace seaworthy::worker {

// Why the job must not go on.
enum class Stop : uint8_t { None, Cancelled, TimedOut, Killed, OutputFailed };

class JobRun {
 public:
  // `log`, which is appended to, and `group`, the job's, must outlive it.
  JobRun(OutputLog& log, const Group& group, Duration kill_grace);

  void set_deadline(Instant deadline) { deadline_ = deadline; }
  // Where children write stdout and stderr to.
  int output_fd() const { return pipe_write_.get(); }

  // The child's exit code, after all that was in the pipe at its end is in the log. None if
  // stop() says why not.
  std::optional<int> wait_for(pid_t child);
  Stop stop() const { return stop_; }

  struct Ended {
    size_t left = 0;       // processes of the job that were there
    size_t forced = 0;     // of these, ended by KILL
    size_t surviving = 0;  // that not even KILL ended
  };
  // TERM to every process of the job, KILL after the grace; returns when none is left. At once with
  // KILL if the worker wants no politeness.
  Ended end_all();

  // A line to the worker: never blocks, goes out when the worker reads.
  void tell(const std::string& line);
  // A line that must have reached the worker; waits for it.
  void tell_at_last(const std::string& line);

  UnixMillis first_output() const { return first_output_; }

 private:
  void wait_once(Duration most);
  void hear_worker();
  void read_output(size_t most_bytes);
  void read_what_is_there();
  void reap();
  void report_growth();
  void flush_reports();
  void stop_because(Stop why);

  OutputLog& log_;
  const Group& group_;
  Duration kill_grace_;
  std::optional<Instant> deadline_;
  Stop stop_ = Stop::None;
  bool worker_gone_ = false;
  io::Fd pipe_read_;
  io::Fd pipe_write_;
  io::Fd child_signals_;
  std::map<pid_t, int> ended_;
  UnixMillis first_output_;
  uint64_t reported_bytes_ = 0;
  Instant reported_at_;
  std::string unsent_reports_;
};

}  // namespace seaworthy::worker
