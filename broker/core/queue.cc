#include "broker/core/queue.h"

#include <algorithm>
#include <iterator>

#include "shared/base/assert.h"

namespace seaworthy::broker {

void ReadyQueue::add(const Place& place) {
  if (place.labels.value >= waiting_.size()) waiting_.resize(place.labels.value + 1);
  Repository& repository = this->repository(place.repository);
  Lane& lane = repository.lanes[place.labels];
  Waiting& waiting = waiting_[place.labels.value];
  if (lane.empty()) waiting.turns.insert(repository.turn);
  const bool added = lane.insert(place.entry).second;
  SW_ASSERT(added);
  ++waiting.jobs;
  ++size_;
}

void ReadyQueue::remove(const Place& place) {
  Repository& repository = this->repository(place.repository);
  const auto lane = repository.lanes.find(place.labels);
  SW_ASSERT(lane != repository.lanes.end());
  const size_t removed = lane->second.erase(place.entry);
  SW_ASSERT(removed == 1);
  Waiting& waiting = waiting_[place.labels.value];
  --waiting.jobs;
  --size_;
  if (!lane->second.empty()) return;
  waiting.turns.erase(repository.turn);
  repository.lanes.erase(lane);
}

void ReadyQueue::served(RepositoryNumber number) {
  Repository& repository = this->repository(number);
  ++repository.handed_out;
  move_to(repository, {repository.turn.running, ++last_served_, number});
}

void ReadyQueue::started(RepositoryNumber number) {
  Repository& repository = this->repository(number);
  move_to(repository, {repository.turn.running + 1, repository.turn.served, number});
}

void ReadyQueue::ended(RepositoryNumber number) {
  Repository& repository = this->repository(number);
  SW_ASSERT(repository.turn.running > 0);
  move_to(repository, {repository.turn.running - 1, repository.turn.served, number});
}

std::optional<ReadyQueue::Next> ReadyQueue::next(LabelSetId labels) const {
  if (size(labels) == 0) return std::nullopt;
  const Turn& turn = *waiting_[labels.value].turns.begin();
  const Repository& repository = repositories_.at(turn.repository);
  const Lane& lane = repository.lanes.at(labels);
  const bool is_oldest = is_oldest_turn(repository.handed_out);
  return Next{turn, is_oldest, is_oldest ? *oldest(lane, {}) : *lane.begin()};
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
  for (const Entry& entry : lane->second) {
    if (before == most || !(entry < place.entry)) break;
    ++before;
  }
  return before;
}

// The oldest of a lane that comes after the given one in the order of age. The lane is ordered
// otherwise; but of each priority the jobs of the oldest build stand together at its end.
std::optional<ReadyQueue::Entry> ReadyQueue::oldest(const Lane& lane,
                                                    const std::optional<Entry>& after) {
  std::optional<Entry> oldest;
  for (Priority priority : {Priority::High, Priority::Normal, Priority::Low}) {
    auto take = [&](Lane::const_iterator at) {
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
    const Lane* lane;
    Lane::const_iterator best;
    std::optional<Entry> oldest;
    std::set<JobId> taken;  // by the other order

    bool is_empty() {
      while (best != lane->end() && taken.contains(best->job)) ++best;
      while (oldest && taken.contains(oldest->job)) oldest = ReadyQueue::oldest(*lane, oldest);
      return best == lane->end();
    }
    const Entry& first(bool is_oldest) const { return is_oldest ? *oldest : *best; }
  };
  struct Lanes {
    uint64_t handed_out = 0;
    std::vector<Rest> rest;
  };
  std::map<RepositoryNumber, Lanes> lanes;
  std::set<Turn> turns;
  for (const auto& [number, repository] : repositories_)
    for (const auto& [labels, lane] : repository.lanes) {
      if (!count(labels)) continue;
      lanes[number].handed_out = repository.handed_out;
      lanes[number].rest.push_back({&lane, lane.begin(), oldest(lane, {}), {}});
      turns.insert(repository.turn);
    }
  std::vector<JobId> order;
  for (uint64_t served = last_served_; order.size() < most && !turns.empty();) {
    Turn turn = *turns.begin();
    turns.erase(turns.begin());
    Lanes& of = lanes.at(turn.repository);
    const bool is_oldest = is_oldest_turn(of.handed_out++);
    const auto first =
        std::min_element(of.rest.begin(), of.rest.end(), [&](const Rest& a, const Rest& b) {
          return is_oldest ? Older()(*a.oldest, *b.oldest) : *a.best < *b.best;
        });
    order.push_back(first->first(is_oldest).job);
    first->taken.insert(order.back());
    if (first->is_empty()) of.rest.erase(first);
    ++turn.running;
    turn.served = ++served;
    if (!of.rest.empty()) turns.insert(turn);
  }
  return order;
}

ReadyQueue::Repository& ReadyQueue::repository(RepositoryNumber number) {
  Repository& repository = repositories_[number];
  repository.turn.repository = number;
  return repository;
}

void ReadyQueue::move_to(Repository& repository, const Turn& turn) {
  for (const auto& [labels, lane] : repository.lanes) {
    std::set<Turn>& turns = waiting_[labels.value].turns;
    turns.erase(repository.turn);
    turns.insert(turn);
  }
  repository.turn = turn;
}

}  // namespace seaworthy::broker
