// ModelStore is the store as the simulator fakes it: it takes changes, forgets what was not yet
// durable when its process dies, and gives a restarted core what it needs. It keeps for the checker
// what a real store keeps for people.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/core/change.h"
#include "broker/core/ledger.h"

namespace seaworthy::sim {

struct StoredJob {
  broker::RecoveredJob job;
  std::string name;
  broker::Job::Past past;
  JobSpec specification;
  std::optional<Verdict> verdict;
  AttemptNumber verdict_attempt;
  std::vector<JobId> all_needs;
};

struct StoredBuild {
  broker::RecoveredBuild build;
  std::string repository, ref, revision, group;
  bool ends_older = false;
  std::optional<Verdict> verdict;
  UnixMillis finished;
};

class ModelStore {
 public:
  void apply(const broker::Change& change, const std::string* blob);
  broker::Recovered recover();

  const std::map<JobId, StoredJob>& jobs() const { return jobs_; }
  const std::map<BuildId, StoredBuild>& builds() const { return builds_; }
  const std::set<BuildId>& removed() const { return removed_; }
  const std::set<std::string>& paused() const { return paused_; }
  broker::BuildRemoved removal_of(BuildId build) const;
  const std::string& output(AttemptKey attempt) { return outputs_[attempt]; }

 private:
  std::map<JobId, StoredJob> jobs_;
  std::map<BuildId, StoredBuild> builds_;
  std::map<RequestId, broker::TakenRequest> requests_;
  std::map<AttemptKey, std::string> outputs_;
  std::set<BuildId> removed_;
  std::set<std::string> paused_;
  EventSequence last_sequence_;
  BuildId last_build_;
  JobId last_job_;
  uint64_t last_rank_ = 0;
  uint64_t epoch_ = 0;
  std::map<std::string, EventSequence> cursors_;
};

}  // namespace seaworthy::sim
