// LongPolls keeps questions that have no answer yet: Fetch… of what has not happened, and watchers
// that wait for a notice. Each waits until something wakes it or its time is up; none outlives
// limits::kLongPoll.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/reading.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

class LongPolls {
 public:
  // A question and what it is answered with when its time is up.
  struct Parked {
    Question question;
    wire::Message fallback;
  };

  // False when there are too many: answer at once.
  bool park_for_events(Parked parked, Instant deadline);
  bool park_for_output(JobId job, Parked parked, Instant deadline);
  bool park_for_notice(Parked parked, Instant deadline);

  std::vector<Question> wake_for_events();
  std::vector<Question> wake_for_output(JobId job);
  std::vector<Question> wake_for_notice();
  size_t waiting_for_notice() const { return notices_.size(); }

  std::vector<Parked> expired(Instant now);
  std::optional<Instant> next_deadline() const;

 private:
  using ByDeadline = std::multimap<Instant, Parked>;
  bool has_room() const;
  static std::vector<Question> take_all(ByDeadline& from);

  ByDeadline events_;
  ByDeadline notices_;
  std::map<JobId, ByDeadline> outputs_;
  size_t output_count_ = 0;
};

}  // namespace seaworthy::broker
