// Unmatched remembers what labels the workers had that were seen since this broker started, and
// when jobs became ready that none of them could run. It is not durable: a restart gives every kind
// of worker the whole time to show itself again, as it gives each lease a whole re-attach window.
// The latest limits::kKindsOfWorkers kinds are remembered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/core/id_table.h"
#include "broker/core/label_sets.h"
#include "broker/core/sorted_pages.h"
#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

class Unmatched {
 public:
  void saw(const std::string& worker, const Labels& labels, const LabelSets& sets);
  // This number means these labels from now on; whether a worker that has them is connected: its
  // kind may be one that was forgotten.
  void learn(LabelSetId id, const Labels& labels, bool is_connected);
  // No worker that was ever seen has them. Never true of no labels: any worker will do.
  bool is_unseen(LabelSetId id) const { return unseen_.contains(id); }

  // The job is ready since `since`, unless that was said before; it is not ready any longer.
  void wait(JobId job, LabelSetId labels, Instant since);
  void drop(JobId job);
  // When the next one is to be looked at that was ready for so long.
  std::optional<Instant> next_deadline(Duration patience) const;
  // One that has been ready for so long, if there is one; it is dropped.
  std::optional<JobId> due(Instant now, Duration patience);

  // The worker that has some of these labels and lacks the fewest, and which.
  struct Nearest {
    std::string worker;
    Labels missing;
  };
  // The latest one that had them all.
  std::optional<std::string> who_had(const Labels& labels) const;
  std::optional<Nearest> nearest(const Labels& labels) const;
  const std::set<LabelSetId>& unseen() const { return unseen_; }

 private:
  struct Kind {
    std::string worker;  // the latest of this kind
    uint64_t seen = 0;
  };
  void forget_oldest_kind();

  std::map<Labels, Kind> kinds_;
  uint64_t last_seen_ = 0;
  std::set<LabelSetId> unseen_;
  struct Waiting {
    Instant since;
    LabelSetId labels;
  };
  IdTable<JobId, Waiting> waiting_;
  SortedPages<std::pair<Instant, JobId>> by_time_;
};

}  // namespace seaworthy::broker
