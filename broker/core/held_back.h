// HeldBack keeps the jobs that could not be run, and when each is tried again. Not durable: a
// restart tries them at once.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

class HeldBack {
 public:
  void add(JobId job, Instant until) {
    if (auto found = until_.find(job); found != until_.end()) due_.erase({found->second, job});
    until_[job] = until;
    due_.insert({until, job});
  }
  const std::map<JobId, Instant>& jobs() const { return until_; }
  bool contains(JobId job) const { return until_.contains(job); }
  std::optional<Instant> next_deadline() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
  }
  // The one whose time came first, if any has come; it is not kept any more.
  std::optional<JobId> take_due(Instant now) {
    if (due_.empty() || due_.begin()->first > now) return std::nullopt;
    const JobId job = due_.begin()->second;
    due_.erase(due_.begin());
    until_.erase(job);
    return job;
  }

 private:
  std::map<JobId, Instant> until_;
  std::set<std::pair<Instant, JobId>> due_;
};

}  // namespace seaworthy::broker
