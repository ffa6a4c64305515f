// Leases keeps when each leased job's right runs out, and when an Assign that nobody accepted is
// taken back. Deadlines are not durable: after a restart every live lease gets one full re-attach
// window.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

class Leases {
 public:
  struct Lease {
    Instant deadline;
    bool accepted = false;  // the worker has said that it has it
  };

  void set(JobId job, Lease lease) {
    drop(job);
    leases_.emplace(job, lease);
    deadlines_.insert({lease.deadline, job});
  }
  void drop(JobId job) {
    auto found = leases_.find(job);
    if (found == leases_.end()) return;
    deadlines_.erase({found->second.deadline, job});
    leases_.erase(found);
  }
  const Lease* find(JobId job) const {
    auto found = leases_.find(job);
    return found == leases_.end() ? nullptr : &found->second;
  }
  std::optional<Instant> next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
  }
  // The job whose lease has run out longest ago, if any has.
  std::optional<JobId> expired(Instant now) const {
    if (deadlines_.empty() || deadlines_.begin()->first > now) return std::nullopt;
    return deadlines_.begin()->second;
  }

 private:
  std::map<JobId, Lease> leases_;
  std::set<std::pair<Instant, JobId>> deadlines_;
};

}  // namespace seaworthy::broker
