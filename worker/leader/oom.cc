#include "worker/leader/oom.h"

#include <csignal>
#include <fstream>

namespace seaworthy::worker {
namespace {

std::optional<uint64_t> kills_of_machine() {
  std::ifstream in("/proc/vmstat");
  std::string name;
  for (uint64_t count = 0; in >> name >> count;)
    if (name == "oom_kill") return count;
  return std::nullopt;
}

}  // namespace

OomKills count_oom_kills(const Group& job) {
  if (auto count = job.oom_kills()) return {count, true};
  if (auto own = own_group())
    if (auto count = own->oom_kills()) return {count, false};
  return {kills_of_machine(), false};
}

std::string why_killed(int exit_code, const OomKills& before, const OomKills& after) {
  if (exit_code == 0) return {};
  // A shell ends with this code, too, when its command was killed.
  const bool killed = exit_code == 128 + SIGKILL;
  const bool counted = before.count && after.count && before.only_of_job == after.only_of_job;
  const bool grew = counted && *after.count > *before.count;
  if (grew && (killed || after.only_of_job)) return "killed by the system for lack of memory (OOM)";
  if (grew) return "meanwhile the system killed a process of this host for lack of memory (OOM)";
  if (!killed) return {};
  return counted ? "killed by SIGKILL from outside (not by the system for lack of memory)"
                 : "killed by SIGKILL from outside (often the system's out-of-memory killer)";
}

}  // namespace seaworthy::worker
