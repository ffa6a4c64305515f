// Health says whether this worker may be given a job, by what was seen of its host: the free disk,
// jobs that could not be run, and the wall clock. Each trouble passes by itself, and is looked at
// again when it may have passed. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/verdict.h"

namespace seaworthy::worker {

class Health {
 public:
  explicit Health(uint64_t least_free_disk_bytes) : least_free_disk_bytes_(least_free_disk_bytes) {}

  // At every step: the wall clock must go as fast as the monotonic one.
  void saw_clocks(Moment moment);
  void saw_disk(uint64_t free_bytes);
  // An attempt that Broken ended is the machinery's fault; Passed or Failed mean that it works.
  void saw_outcome(Instant now, JobId job, Outcome outcome, const std::string& detail);

  // Why it must not be given a job now, and what is to be done; none if it may. The text is the
  // same for as long as the trouble is.
  std::optional<std::string> complaint(Instant now) const;
  // The last jobs could not be run; whether the next one can is to be seen.
  bool is_on_trial() const;
  // When the complaint changes if nothing is seen until then.
  std::optional<Instant> next_deadline(Instant now) const;

 private:
  void saw_broken(Instant now, JobId job, const std::string& detail);

  uint64_t least_free_disk_bytes_;
  std::string disk_complaint_;  // empty: there is room

  std::optional<Moment> last_;
  std::string clock_complaint_;
  Instant clock_trusted_at_;

  uint32_t broken_in_a_row_ = 0;
  JobId last_broken_;
  Duration pause_{0};
  std::string broken_complaint_;
  Instant try_again_at_;
};

}  // namespace seaworthy::worker
