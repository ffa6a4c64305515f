// Oom tells whether the kernel killed a job's processes for lack of memory: by its counters, read
// before and after a step. Where the job has a control group with accounting its own counter is
// asked, else that of the worker's group, else the whole machine's. Linux only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "worker/confinement.h"

namespace seaworthy::worker {

struct OomKills {
  std::optional<uint64_t> count;  // since the counter's beginning; none: nothing is counted here
  bool only_of_job = false;
};
OomKills count_oom_kills(const Group& job);

// Why a step that ended with this exit code was killed, in words; empty if nothing says that it
// was. Nobody but the kernel or an outsider sent the signal: our own are not asked about.
std::string why_killed(int exit_code, const OomKills& before, const OomKills& after);

}  // namespace seaworthy::worker
