// Turns holds what the broker hands out against what is promised of it: labels, concurrency groups,
// fair turns, priorities, and that no worker idles beside a job that it could run. It keeps lists
// of its own, the simplest that will do, from the changes as they are decided; after a restart,
// from the store. Throws Violation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/core/core.h"
#include "tests/sim/model_store.h"

namespace seaworthy::sim {

class Turns {
 public:
  // What was seen to matter.
  struct Seen {
    uint64_t with_labels = 0;    // jobs with labels that were handed out
    uint64_t groups_waited = 0;  // jobs of a group that was held by another build
    uint64_t ended_by_newer = 0;
    uint64_t fair = 0;        // a repository came before one with more running jobs
    uint64_t priorities = 0;  // a job came before a newer one of lower priority
    uint64_t oldest = 0;      // the oldest came before one of higher priority, or a newer one
    uint64_t unmatched = 0;   // jobs that ended because no worker could run them
  };

  void restart(const ModelStore& store);
  // In the order in which they were decided; the core is as it was after all of them.
  void decided(const broker::Change& change, Instant now, const broker::Core& core);
  void after_step(Instant now, bool disk_is_full, const broker::Core& core) const;

  const Seen& seen() const { return seen_; }

 private:
  struct WaitingJob {
    BuildId build;
    JobSpec specification;
    std::set<JobId> needs;
    bool running = false;
    bool cancelled = false;
    Instant paused_until{};
  };
  struct OpenBuild {
    std::string repository;
    std::string group;
    uint64_t rank = 0;
    bool was_given_a_worker = false;
    bool ended_by_newer = false;
  };
  using Lane = std::pair<std::string, std::vector<std::string>>;  // repository, labels asked for
  using GroupName = std::pair<std::string, std::string>;          // repository, group

  void assigned(const broker::AttemptAssigned& assigned, Instant now, const broker::Core& core);
  void finished(const broker::JobFinished& finished);
  // Whether it could be handed out now, given a worker.
  bool is_ready(const WaitingJob& job, Instant now) const;
  bool is_better(JobId a, JobId b) const;
  bool is_older(JobId a, JobId b) const;
  bool stands_behind_its_group(JobId id, Instant now) const;
  std::optional<BuildId> holder_of(const OpenBuild& build) const;
  Lane lane_of(const WaitingJob& job) const;

  std::map<JobId, WaitingJob> jobs_;  // without a verdict
  std::map<BuildId, OpenBuild> builds_;
  std::map<Lane, int> running_;
  std::map<std::string, uint64_t> handed_out_;
  std::map<GroupName, uint64_t> newest_;
  std::set<std::string> paused_;  // repositories
  Seen seen_;
};

}  // namespace seaworthy::sim
