// Attempts owns the leaders of this worker and turns what they say into the core's events. Besides
// the attempt that runs there may be leaders that only clean up after themselves. One thread;
// blocks only on the local disk, and for a moment when a leader died and its job's processes are
// ended here.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/io/times_file.h"
#include "worker/confinement.h"
#include "worker/core/event.h"
#include "worker/leader_process.h"
#include "worker/spool.h"

namespace seaworthy::worker {

struct AttemptsOptions {
  std::string leader;  // its program: see LeaderProgram::path
  std::filesystem::path state;
  std::filesystem::path mirrors;
  std::string worker;
  Duration kill_grace{0};
  uint64_t output_cap_bytes = 0;
  std::filesystem::path groups;  // where control groups can be made; empty: nowhere
};

class Attempts {
 public:
  explicit Attempts(AttemptsOptions options);
  ~Attempts();
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  // At start: ends what an earlier process of this worker left running, empties the work directory,
  // and returns the outcomes that are still to be reported.
  std::vector<Event> recover();

  // Has a leader wait for the next attempt, but starts none while the CPU is wanted for the start
  // of another. For a moment in which nothing else is to be done.
  void prepare();
  // What went wrong comes as AttemptEnded with outcome Broken.
  std::vector<Event> start(const wire::Assign& assign);
  void cancel(AttemptKey key);
  void kill(AttemptKey key);
  void discard(AttemptKey key);
  Result<std::string> read_output(AttemptKey key, uint64_t offset, size_t size) const;
  io::TimesRead read_times(AttemptKey key, uint64_t from, uint64_t to) const;

  // To poll for reading; collect() takes what is there.
  std::vector<int> descriptors() const;
  std::vector<Event> collect();

 private:
  struct Running {
    LeaderProcess leader;
    bool begun = false;   // its steps: said so
    bool ended = false;   // said so
    bool killed = false;  // by us
    std::string trouble;
  };

  void take_reports(AttemptKey key, Running& running, std::vector<Event>& events);
  Event event_of_death(AttemptKey key, const Running& running, int exit_code);
  wire::AttemptFinished broken(AttemptKey key, const std::string& why) const;
  Result<LeaderProcess> lead(const LeaderOptions& what);
  std::filesystem::path spool_directory() const;
  std::filesystem::path workspace(AttemptKey key) const;
  // The names of this worker's groups begin with this; no other worker's do.
  std::string group_prefix() const;
  Group group(AttemptKey key) const;

  AttemptsOptions options_;
  Spool spool_;
  std::map<AttemptKey, Running> running_;
  std::optional<LeaderProcess> prepared_;
};

}  // namespace seaworthy::worker
