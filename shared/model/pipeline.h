// Pipeline is what one revision expands to: jobs, or a verdict that is known without running
// anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/model/job_spec.h"
#include "shared/model/verdict.h"

namespace seaworthy {

// A broken pipeline file (Failed), or nothing to run (Skipped).
struct Decided {
  Verdict verdict = Verdict::Skipped;
  std::string explanation;  // the whole log
  bool operator==(const Decided&) const = default;
};

// Builds of one repository that must not run at the same time.
struct Concurrency {
  std::string group;                // empty: named like the ref
  bool cancel_in_progress = false;  // a newer build of the group ends the older ones
  bool operator==(const Concurrency&) const = default;
};

struct Pipeline {
  std::vector<JobSpec> jobs;  // empty if decided
  std::optional<Decided> decided;
  std::optional<Concurrency> concurrency = {};
  bool operator==(const Pipeline&) const = default;
};

}  // namespace seaworthy
