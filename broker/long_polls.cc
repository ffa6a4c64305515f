#include "broker/long_polls.h"

#include <algorithm>

#include "shared/model/limits.h"

namespace seaworthy::broker {

bool LongPolls::park_for_events(Parked parked, Instant deadline) {
  if (!has_room()) return false;
  events_.emplace(deadline, std::move(parked));
  return true;
}

bool LongPolls::park_for_output(JobId job, Parked parked, Instant deadline) {
  if (!has_room()) return false;
  outputs_[job].emplace(deadline, std::move(parked));
  ++output_count_;
  return true;
}

bool LongPolls::park_for_notice(Parked parked, Instant deadline) {
  if (!has_room()) return false;
  notices_.emplace(deadline, std::move(parked));
  return true;
}

std::vector<Question> LongPolls::wake_for_events() { return take_all(events_); }

std::vector<Question> LongPolls::wake_for_notice() { return take_all(notices_); }

std::vector<Question> LongPolls::wake_for_output(JobId job) {
  auto found = outputs_.find(job);
  if (found == outputs_.end()) return {};
  std::vector<Question> questions = take_all(found->second);
  output_count_ -= questions.size();
  outputs_.erase(found);
  return questions;
}

std::vector<LongPolls::Parked> LongPolls::expired(Instant now) {
  std::vector<Parked> expired;
  auto take_expired = [&](ByDeadline& from) {
    while (!from.empty() && from.begin()->first <= now) {
      expired.push_back(std::move(from.begin()->second));
      from.erase(from.begin());
    }
  };
  take_expired(events_);
  take_expired(notices_);
  const size_t before = expired.size();
  for (auto& [job, parked] : outputs_) take_expired(parked);
  output_count_ -= expired.size() - before;
  std::erase_if(outputs_, [](const auto& entry) { return entry.second.empty(); });
  return expired;
}

std::optional<Instant> LongPolls::next_deadline() const {
  std::optional<Instant> next;
  auto consider = [&next](const ByDeadline& parked) {
    if (!parked.empty())
      next = next ? std::min(*next, parked.begin()->first) : parked.begin()->first;
  };
  consider(events_);
  consider(notices_);
  for (const auto& [job, parked] : outputs_) consider(parked);
  return next;
}

bool LongPolls::has_room() const {
  return events_.size() + notices_.size() + output_count_ < limits::kParkedRequests;
}

std::vector<Question> LongPolls::take_all(ByDeadline& from) {
  std::vector<Question> questions;
  for (auto& [deadline, parked] : from) questions.push_back(std::move(parked.question));
  from.clear();
  return questions;
}

}  // namespace seaworthy::broker
