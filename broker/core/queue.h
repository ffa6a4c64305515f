// ReadyQueue orders the jobs that may be handed out now. First fairness: the turn is that of the
// repository with the fewest running jobs that ask for the same labels, among equals of the one
// served longest ago. Then, inside
// a repository: priority; the newest push, in it the newest commit; the order of the pipeline. A
// person who pushed waits for the verdict of what was pushed last. Each fourth turn of a repository
// (limits::kOldestEvery) is that of the job that was pushed first, so that nothing waits for ever.
//
// There is one order for each set of labels, because a worker may not fit the first job. All that
// is asked costs O(log n) of the queued jobs; serving a repository, once for each set of labels
// that its jobs ask for.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "broker/core/label_sets.h"
#include "broker/core/sorted_pages.h"
#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/limits.h"
#include "shared/model/priority.h"

namespace seaworthy::broker {

// Numbered by the ledger.
using RepositoryNumber = uint32_t;

class ReadyQueue {
 public:
  // The place inside a repository; it never changes while a job waits.
  struct Entry {
    Priority priority = Priority::Normal;
    uint64_t rank = 0;  // of its build: greater is newer
    JobId job;
    friend bool operator<(const Entry& a, const Entry& b) {
      if (a.priority != b.priority) return a.priority > b.priority;
      return a.rank != b.rank ? a.rank > b.rank : a.job < b.job;
    }
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // The other order: what was pushed first.
  struct Older {
    bool operator()(const Entry& a, const Entry& b) const {
      if (a.rank != b.rank) return a.rank < b.rank;
      return a.priority != b.priority ? a.priority > b.priority : a.job < b.job;
    }
  };

  struct Place {
    LabelSetId labels;
    RepositoryNumber repository = 0;
    Entry entry;
  };
  void add(const Place& place);
  void remove(const Place& place);

  // A job of the repository was handed out.
  void served(RepositoryNumber repository);
  // One that asks for these labels runs; does not run any longer.
  void started(RepositoryNumber repository, LabelSetId labels);
  void ended(RepositoryNumber repository, LabelSetId labels);

  // Whose turn it is: the least. Each set of labels has its own; what runs elsewhere, on workers
  // that only some repositories ask for, does not count.
  struct Turn {
    uint64_t running = 0;
    uint64_t served = 0;  // 0: never
    RepositoryNumber repository = 0;
    auto operator<=>(const Turn&) const = default;
  };
  struct Next {
    Turn turn;
    bool is_oldest = false;  // it is the turn of the repository's oldest job
    Entry entry;
    friend bool operator<(const Next& a, const Next& b) {
      if (a.turn != b.turn) return a.turn < b.turn;
      return a.is_oldest ? Older()(a.entry, b.entry) : a.entry < b.entry;
    }
  };
  // The first of those that ask for just these labels.
  std::optional<Next> next(LabelSetId labels) const;

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t size(LabelSetId labels) const;
  // Repositories that wait for workers with these labels.
  size_t repositories(LabelSetId labels) const;
  // Jobs of the same repository and labels that are better placed, counted up to `most`.
  size_t standing_before(const Place& place, size_t most) const;
  // The first `most` of those whose labels `count`, as they would be handed out if nothing else
  // happened.
  std::vector<JobId> in_order(size_t most, const std::function<bool(LabelSetId)>& count) const;

 private:
  using Entries = SortedPages<Entry>;
  struct Lane {
    uint64_t running = 0;
    Entries entries;
  };
  struct Repository {
    uint64_t served = 0;
    uint64_t handed_out = 0;           // since the broker's start
    std::map<LabelSetId, Lane> lanes;  // each has an entry or a running job
  };
  struct Waiting {
    std::set<Turn> turns;  // of the repositories that have a lane
    size_t jobs = 0;
  };

  static bool is_oldest_turn(uint64_t handed_out) {
    return (handed_out + 1) % limits::kOldestEvery == 0;
  }
  static std::optional<Entry> oldest(const Entries& entries, const std::optional<Entry>& after);
  static Turn turn_of(RepositoryNumber number, const Repository& repository, const Lane& lane) {
    return {lane.running, repository.served, number};
  }
  void run(RepositoryNumber repository, LabelSetId labels, int change);

  std::map<RepositoryNumber, Repository> repositories_;
  std::vector<Waiting> waiting_;  // by labels
  uint64_t last_served_ = 0;
  size_t size_ = 0;
};

}  // namespace seaworthy::broker
