#include "broker/core/queue.h"

#include <algorithm>

#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

int64_t ReadyQueue::period(UnixMillis submitted, Priority priority) {
  return submitted.value / limits::kAgeing.count() - static_cast<int64_t>(priority);
}

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
  return Next{turn, *repositories_.at(turn.repository).lanes.at(labels).begin()};
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

std::vector<JobId> ReadyQueue::in_order(size_t most,
                                        const std::function<bool(LabelSetId)>& count) const {
  struct Rest {
    Lane::const_iterator next, end;
  };
  std::map<RepositoryNumber, std::vector<Rest>> rest;
  std::set<Turn> turns;
  for (const auto& [number, repository] : repositories_)
    for (const auto& [labels, lane] : repository.lanes) {
      if (!count(labels)) continue;
      rest[number].push_back({lane.begin(), lane.end()});
      turns.insert(repository.turn);
    }
  std::vector<JobId> order;
  for (uint64_t served = last_served_; order.size() < most && !turns.empty();) {
    Turn turn = *turns.begin();
    turns.erase(turns.begin());
    std::vector<Rest>& lanes = rest.at(turn.repository);
    const auto first = std::min_element(
        lanes.begin(), lanes.end(), [](const Rest& a, const Rest& b) { return *a.next < *b.next; });
    order.push_back(first->next->job);
    if (++first->next == first->end) lanes.erase(first);
    ++turn.running;
    turn.served = ++served;
    if (!lanes.empty()) turns.insert(turn);
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
