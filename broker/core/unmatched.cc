#include "broker/core/unmatched.h"

#include <algorithm>

#include "shared/model/limits.h"

namespace seaworthy::broker {

void Unmatched::saw(const std::string& worker, const Labels& labels, const LabelSets& sets) {
  const auto [kind, is_new] = kinds_.insert({labels, {}});
  kind->second = {worker, ++last_seen_};
  if (!is_new) return;
  std::erase_if(unseen_, [&](LabelSetId id) { return has_all(labels, sets.labels(id)); });
  if (kinds_.size() > limits::kKindsOfWorkers) forget_oldest_kind();
}

void Unmatched::learn(LabelSetId id, const Labels& labels, bool is_connected) {
  const bool seen = std::any_of(kinds_.begin(), kinds_.end(),
                                [&](const auto& kind) { return has_all(kind.first, labels); });
  if (seen || is_connected || labels.empty())
    unseen_.erase(id);
  else
    unseen_.insert(id);
}

void Unmatched::wait(JobId job, LabelSetId labels, Instant since) {
  if (waiting_.contains(job)) return;
  waiting_.add(job) = {since, labels};
  by_time_.insert({since, job});
}

void Unmatched::drop(JobId job) {
  const Waiting* found = waiting_.find(job);
  if (found == nullptr) return;
  by_time_.erase({found->since, job});
  waiting_.erase(job);
}

std::optional<Instant> Unmatched::next_deadline(Duration patience) const {
  return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first + patience);
}

// Those whose worker was seen meanwhile are dropped on the way.
std::optional<JobId> Unmatched::due(Instant now, Duration patience) {
  while (!by_time_.empty() && by_time_.begin()->first + patience <= now) {
    const JobId job = by_time_.begin()->second;
    const LabelSetId labels = waiting_.at(job).labels;
    drop(job);
    if (is_unseen(labels)) return job;
  }
  return std::nullopt;
}

std::optional<std::string> Unmatched::who_had(const Labels& labels) const {
  const Kind* latest = nullptr;
  for (const auto& [has, kind] : kinds_)
    if (has_all(has, labels) && (latest == nullptr || kind.seen > latest->seen)) latest = &kind;
  return latest == nullptr ? std::nullopt : std::optional(latest->worker);
}

std::optional<Unmatched::Nearest> Unmatched::nearest(const Labels& labels) const {
  std::optional<Nearest> best;
  for (const auto& [has, kind] : kinds_) {
    Labels lacks = missing(has, labels);
    if (lacks.size() == labels.size() || (best && lacks.size() >= best->missing.size())) continue;
    best = Nearest{kind.worker, std::move(lacks)};
  }
  return best;
}

void Unmatched::forget_oldest_kind() {
  kinds_.erase(std::min_element(kinds_.begin(), kinds_.end(), [](const auto& a, const auto& b) {
    return a.second.seen < b.second.seen;
  }));
}

}  // namespace seaworthy::broker
