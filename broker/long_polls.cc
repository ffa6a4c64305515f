#include "broker/long_polls.h"

namespace seaworthy::broker {

bool LongPolls::park_for_events(Parked parked, Instant deadline) {
  return park({About::Events}, std::move(parked), deadline);
}

bool LongPolls::park_for_output(JobId job, Parked parked, Instant deadline) {
  return park({About::Output, job}, std::move(parked), deadline);
}

bool LongPolls::park_for_notice(Parked parked, Instant deadline) {
  return park({About::Notice}, std::move(parked), deadline);
}

bool LongPolls::park_for_demand(Parked parked, Instant deadline) {
  Topic topic{About::Demand, {}, std::get<wire::AwaitDemand>(parked.question.message).labels};
  return park(std::move(topic), std::move(parked), deadline);
}

std::vector<Question> LongPolls::wake_for_events() { return wake({About::Events}); }

std::vector<Question> LongPolls::wake_for_notice() { return wake({About::Notice}); }

std::vector<Question> LongPolls::wake_for_output(JobId job) { return wake({About::Output, job}); }

std::vector<std::pair<Question, uint64_t>> LongPolls::wake_for_demand(const DemandOf& demand_of) {
  std::vector<std::pair<Number, uint64_t>> woken;
  for (auto topic = topics_.lower_bound({About::Demand}); topic != topics_.end(); ++topic) {
    const uint64_t demand = demand_of(topic->first.labels);
    for (const Number number : topic->second)
      if (std::get<wire::AwaitDemand>(waiting_.at(number).parked.question.message).known != demand)
        woken.emplace_back(number, demand);
  }
  std::vector<std::pair<Question, uint64_t>> questions;
  for (const auto& [number, demand] : woken)
    questions.emplace_back(std::move(take(number).question), demand);
  return questions;
}

bool LongPolls::any_waits_for_demand() const {
  return topics_.lower_bound({About::Demand}) != topics_.end();
}

std::vector<LongPolls::Parked> LongPolls::expired(Instant now) {
  std::vector<Parked> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    expired.push_back(take(deadlines_.begin()->second));
  return expired;
}

std::optional<Instant> LongPolls::next_deadline() const {
  return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
}

bool LongPolls::park(Topic topic, Parked parked, Instant deadline) {
  if (waiting_.size() >= limits::kParkedRequests) return false;
  const Number number = ++last_;
  topics_[topic].insert(number);
  deadlines_.insert({deadline, number});
  waiting_.emplace(number, Waiting{std::move(topic), std::move(parked), deadline});
  return true;
}

std::vector<Question> LongPolls::wake(const Topic& topic) {
  std::vector<Question> questions;
  for (auto found = topics_.find(topic); found != topics_.end(); found = topics_.find(topic))
    questions.push_back(take(*found->second.begin()).question);
  return questions;
}

LongPolls::Parked LongPolls::take(Number number) {
  auto waiting = waiting_.find(number);
  deadlines_.erase({waiting->second.deadline, number});
  auto topic = topics_.find(waiting->second.topic);
  topic->second.erase(number);
  if (topic->second.empty()) topics_.erase(topic);
  Parked parked = std::move(waiting->second.parked);
  waiting_.erase(waiting);
  return parked;
}

}  // namespace seaworthy::broker
