#include "broker/core/queue.h"

#include <algorithm>
#include <iterator>

#include "shared/base/assert.h"

namespace seaworthy::broker {

void ReadyQueue::add(const Place& place) {
  if (place.labels.value >= waiting_.size()) waiting_.resize(place.labels.value + 1);
  Repository& repository = repositories_[place.repository];
  Lane& lane = repository.lanes[place.labels];
  Waiting& waiting = waiting_[place.labels.value];
  if (lane.entries.empty()) waiting.turns.insert(turn_of(place.repository, repository, lane));
  const bool added = lane.entries.insert(place.entry);
  SW_ASSERT(added);
  ++waiting.jobs;
  ++size_;
}

void ReadyQueue::remove(const Place& place) {
  Repository& repository = repositories_.at(place.repository);
  const auto found = repository.lanes.find(place.labels);
  SW_ASSERT(found != repository.lanes.end());
  Lane& lane = found->second;
  const bool removed = lane.entries.erase(place.entry);
  SW_ASSERT(removed);
  Waiting& waiting = waiting_[place.labels.value];
  --waiting.jobs;
  --size_;
  if (!lane.entries.empty()) return;
  waiting.turns.erase(turn_of(place.repository, repository, lane));
  if (lane.running == 0) repository.lanes.erase(found);
}

void ReadyQueue::served(RepositoryNumber number) {
  Repository& repository = repositories_[number];
  auto each_turn = [&](const auto& change) {
    for (const auto& [labels, lane] : repository.lanes)
      if (!lane.entries.empty())
        change(waiting_[labels.value].turns, turn_of(number, repository, lane));
  };
  each_turn([](std::set<Turn>& turns, const Turn& turn) { turns.erase(turn); });
  repository.served = ++last_served_;
  ++repository.handed_out;
  each_turn([](std::set<Turn>& turns, const Turn& turn) { turns.insert(turn); });
}

void ReadyQueue::started(RepositoryNumber number, LabelSetId labels) { run(number, labels, 1); }

void ReadyQueue::ended(RepositoryNumber number, LabelSetId labels) { run(number, labels, -1); }

void ReadyQueue::run(RepositoryNumber number, LabelSetId labels, int change) {
  Repository& repository = repositories_[number];
  Lane& lane = repository.lanes[labels];
  SW_ASSERT(change > 0 || lane.running > 0);
  const bool waits = !lane.entries.empty();
  if (waits) waiting_[labels.value].turns.erase(turn_of(number, repository, lane));
  lane.running = change > 0 ? lane.running + 1 : lane.running - 1;
  if (waits) waiting_[labels.value].turns.insert(turn_of(number, repository, lane));
  if (!waits && lane.running == 0) repository.lanes.erase(labels);
}

std::optional<ReadyQueue::Next> ReadyQueue::next(LabelSetId labels) const {
  if (size(labels) == 0) return std::nullopt;
  const Turn& turn = *waiting_[labels.value].turns.begin();
  const Repository& repository = repositories_.at(turn.repository);
  const Entries& entries = repository.lanes.at(labels).entries;
  const bool is_oldest = is_oldest_turn(repository.handed_out);
  return Next{turn, is_oldest, is_oldest ? *oldest(entries, {}) : *entries.begin()};
}

size_t ReadyQueue::size(LabelSetId labels) const {
  return labels.value < waiting_.size() ? waiting_[labels.value].jobs : 0;
}

size_t ReadyQueue::repositories(LabelSetId labels) const {
  return labels.value < waiting_.size() ? waiting_[labels.value].turns.size() : 0;
}

size_t ReadyQueue::standing_before(const Place& place, size_t most) const {
  const auto repository = repositories_.find(place.repository);
  if (repository == repositories_.end()) return 0;
  const auto lane = repository->second.lanes.find(place.labels);
  if (lane == repository->second.lanes.end()) return 0;
  size_t before = 0;
  for (const Entry& entry : lane->second.entries) {
    if (before == most || !(entry < place.entry)) break;
    ++before;
  }
  return before;
}

// The oldest of a lane that comes after the given one in the order of age. The lane is ordered
// otherwise; but of each priority the jobs of the oldest build stand together at its end.
std::optional<ReadyQueue::Entry> ReadyQueue::oldest(const Entries& lane,
                                                    const std::optional<Entry>& after) {
  std::optional<Entry> oldest;
  for (Priority priority : {Priority::High, Priority::Normal, Priority::Low}) {
    auto take = [&](Entries::Iterator at) {
      const bool fits = at != lane.end() && at->priority == priority;
      if (fits && (!oldest || Older()(*at, *oldest))) oldest = *at;
    };
    if (after && priority <= after->priority) {
      const JobId before = priority == after->priority ? after->job : JobId{0};
      const auto same_build = lane.upper_bound({priority, after->rank, before});
      if (same_build != lane.end() && same_build->rank == after->rank) take(same_build);
    }
    // Those of this priority that are newer than `after` end here.
    const auto end = lane.lower_bound({priority, after ? after->rank : 0, JobId{0}});
    if (end == lane.begin()) continue;
    const auto last = std::prev(end);
    if (last->priority != priority) continue;
    take(lane.lower_bound({priority, last->rank, JobId{0}}));
  }
  return oldest;
}

std::vector<JobId> ReadyQueue::in_order(size_t most,
                                        const std::function<bool(LabelSetId)>& count) const {
  struct Rest {
    const Entries* entries;
    Entries::Iterator best;
    std::optional<Entry> oldest;
    std::set<JobId> taken = {};  // by the other order

    bool is_empty() {
      while (best != entries->end() && taken.contains(best->job)) ++best;
      while (oldest && taken.contains(oldest->job)) oldest = ReadyQueue::oldest(*entries, oldest);
      return best == entries->end();
    }
  };
  struct Future {
    uint64_t handed_out = 0;
    std::map<LabelSetId, std::pair<Turn, Rest>> lanes = {};
  };
  std::map<RepositoryNumber, Future> futures;
  std::set<std::pair<Turn, LabelSetId>> turns;
  for (const auto& [number, repository] : repositories_)
    for (const auto& [labels, lane] : repository.lanes) {
      if (lane.entries.empty() || !count(labels)) continue;
      const Turn turn = turn_of(number, repository, lane);
      Future& future = futures.try_emplace(number, Future{repository.handed_out}).first->second;
      const Rest rest{&lane.entries, lane.entries.begin(), oldest(lane.entries, {})};
      future.lanes.emplace(labels, std::pair(turn, rest));
      turns.insert({turn, labels});
    }
  std::vector<JobId> order;
  for (uint64_t served = last_served_; order.size() < most && !turns.empty();) {
    const Turn turn = turns.begin()->first;
    Future& future = futures.at(turn.repository);
    const bool is_oldest = is_oldest_turn(future.handed_out++);
    std::optional<std::pair<Next, LabelSetId>> first;  // of the lanes whose turn is the same
    for (auto at = turns.begin(); at != turns.end() && at->first == turn; ++at) {
      const Rest& rest = future.lanes.at(at->second).second;
      const Next next{turn, is_oldest, is_oldest ? *rest.oldest : *rest.best};
      if (!first || next < first->first) first = {next, at->second};
    }
    order.push_back(first->first.entry.job);
    ++served;
    for (auto lane = future.lanes.begin(); lane != future.lanes.end();) {
      auto& [its, rest] = lane->second;
      turns.erase({its, lane->first});
      its.served = served;
      if (lane->first == first->second) ++its.running, rest.taken.insert(order.back());
      if (rest.is_empty()) {
        lane = future.lanes.erase(lane);
      } else {
        turns.insert({its, lane->first});
        ++lane;
      }
    }
  }
  return order;
}

}  // namespace seaworthy::broker
