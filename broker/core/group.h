// Group is a concurrency group of one repository: builds of which at most one has running jobs, in
// the order of their pushes, as a deployment needs it. The first that is given a worker holds it
// until it is finished. While nobody holds it only one job for each set of labels stands in the
// ready queue, the oldest; the others wait here. While a build holds it, that build's jobs stand in
// the queue and all others wait here. Ledger moves them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "broker/core/label_sets.h"
#include "broker/core/queue.h"
#include "shared/base/ids.h"

namespace seaworthy::broker {

// 0: in no group.
using GroupNumber = uint32_t;

struct Group {
  struct Waiting {
    std::set<ReadyQueue::Entry, ReadyQueue::Older> entries;  // ready, and not in the queue
    std::optional<ReadyQueue::Entry> in_queue;  // for all of them, while nobody holds the group
  };

  RepositoryNumber repository = 0;
  std::string name;
  BuildId holder;
  std::set<std::pair<uint64_t, BuildId>> builds;  // by rank; without a verdict
  std::map<LabelSetId, Waiting> waiting;          // none is empty
  // The newest build that was to end the older ones.
  uint64_t newest_rank = 0;
  BuildId newest;
};

}  // namespace seaworthy::broker
