// LongPolls keeps questions that have no answer yet: Fetch… of what has not happened, watchers that
// wait for a notice, and pools that wait for another number of jobs. Each waits until something
// wakes it or its time is up; none outlives limits::kLongPoll.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/reading.h"
#include "shared/base/time.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

// What a peer asks to wait, as far as it may.
inline Duration bounded_wait(uint64_t wait_ms) {
  const auto longest = static_cast<uint64_t>(limits::kLongPoll.count());
  return Duration{static_cast<int64_t>(std::min(wait_ms, longest))};
}

class LongPolls {
 public:
  // A question and what it is answered with when its time is up.
  struct Parked {
    Question question;
    wire::Message fallback;
  };
  using DemandOf = std::function<uint64_t(const std::vector<std::string>& labels)>;

  // False when there are too many: answer at once.
  bool park_for_events(Parked parked, Instant deadline);
  bool park_for_output(JobId job, Parked parked, Instant deadline);
  bool park_for_notice(Parked parked, Instant deadline);
  // The question is an AwaitDemand, its labels sorted.
  bool park_for_demand(Parked parked, Instant deadline);

  std::vector<Question> wake_for_events();
  std::vector<Question> wake_for_output(JobId job);
  std::vector<Question> wake_for_notice();
  // Those for whose labels the number is another than they know, with it. `demand_of` is asked once
  // for each set of labels.
  std::vector<std::pair<Question, uint64_t>> wake_for_demand(const DemandOf& demand_of);
  bool any_waits_for_demand() const;

  std::vector<Parked> expired(Instant now);
  std::optional<Instant> next_deadline() const;

 private:
  enum class About : uint8_t { Events, Output, Notice, Demand };  // Demand is the last: see wake
  struct Topic {
    About about = About::Events;
    JobId job = {};
    std::vector<std::string> labels = {};
    auto operator<=>(const Topic&) const = default;
  };
  using Number = uint64_t;
  struct Waiting {
    Topic topic;
    Parked parked;
    Instant deadline;
  };

  bool park(Topic topic, Parked parked, Instant deadline);
  std::vector<Question> wake(const Topic& topic);
  Parked take(Number number);

  std::map<Number, Waiting> waiting_;
  std::set<std::pair<Instant, Number>> deadlines_;
  std::map<Topic, std::set<Number>> topics_;  // none is empty
  Number last_ = 0;
};

}  // namespace seaworthy::broker
