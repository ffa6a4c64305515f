// A worker's core and the little language in which its tests speak: what the broker says, what time
// passes, and what the core sent or wanted done since the last question.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "worker/core/core.h"
#include "worker/core/rules.h"

namespace seaworthy::worker {

using namespace std::chrono_literals;

inline const BootId kBoot{{1, 2, 3}};
inline const BootId kOtherBoot{{9, 9, 9}};

inline AttemptKey attempt(uint64_t job, uint32_t number = 1) {
  return {JobId{job}, AttemptNumber{number}};
}

class CoreFixture {
 public:
  explicit CoreFixture(Settings settings = {}) : core_(with_names(std::move(settings))) {}

  CoreFixture& happens(const Event& event) {
    effects_ = core_.step({now_, {now_.since_start.count() + wall_ahead_.count()}}, event);
    return *this;
  }
  // Somebody sets the wall clock.
  CoreFixture& clock_is_set(Duration by) {
    wall_ahead_ += by;
    return *this;
  }
  // Time passes, and the core is woken at each of its deadlines on the way, as a loop would.
  CoreFixture& passes(Duration time) {
    const Instant end = now_ + time;
    Effects all;
    for (int wake_ups = 0; wake_ups < 10'000; ++wake_ups) {
      const std::optional<Instant> due = core_.next_deadline();
      if (!due || *due > end) break;
      now_ = std::max(now_, *due);
      happens(Tick{});
      std::move(effects_.begin(), effects_.end(), std::back_inserter(all));
    }
    now_ = end;
    effects_ = std::move(all);
    return *this;
  }

  CoreFixture& hears(wire::Message message) { return happens(Received{std::move(message)}); }
  CoreFixture& is_welcomed(std::vector<wire::KeptAttempt> keep = {},
                           std::vector<AttemptKey> gone = {}) {
    happens(Tick{});
    return hears(wire::Welcome{epoch, kBoot, SessionId{1}, timing, credit, keep, gone});
  }
  CoreFixture& is_assigned(AttemptKey key) {
    return hears(wire::Assign{epoch,
                              kBoot,
                              key.job,
                              key.attempt,
                              BuildId{1},
                              "/r",
                              "refs/heads/main",
                              std::string(40, 'a'),
                              {}});
  }
  CoreFixture& wrote(AttemptKey key, uint64_t size) { return happens(OutputGrew{key, size}); }
  CoreFixture& ended(AttemptKey key, Outcome outcome = Outcome::Passed, uint64_t output = 0) {
    wire::AttemptFinished report;
    report.job = key.job;
    report.attempt = key.attempt;
    report.outcome = outcome;
    report.output_bytes = output;
    return happens(AttemptEnded{report});
  }
  CoreFixture& hears_output_ok(AttemptKey key, uint64_t offset, uint64_t credit_bytes = 0) {
    return hears(wire::OutputOk{epoch, kBoot, key.job, key.attempt, offset, credit_bytes});
  }
  CoreFixture& hears_recorded(AttemptKey key, bool superseded = false) {
    return hears(wire::Recorded{epoch, kBoot, key.job, key.attempt, superseded});
  }
  CoreFixture& hears_heartbeat_ok(std::vector<AttemptKey> gone = {},
                                  std::vector<AttemptKey> cancel = {}) {
    return hears(wire::HeartbeatOk{epoch, kBoot, {}, gone, cancel});
  }

  // Messages of type M that the last step (or passing of time) sent.
  template <class M>
  std::vector<M> sent() const {
    std::vector<M> found;
    for (const Effect& effect : effects_)
      if (const Send* send = std::get_if<Send>(&effect))
        if (const M* message = std::get_if<M>(&send->message)) found.push_back(*message);
    return found;
  }
  // Effects of type E of the last step.
  template <class E>
  std::vector<E> wanted() const {
    std::vector<E> found;
    for (const Effect& effect : effects_)
      if (const E* one = std::get_if<E>(&effect)) found.push_back(*one);
    return found;
  }
  // Offset and size of each output chunk that was sent.
  std::vector<std::pair<uint64_t, size_t>> chunks() const {
    std::vector<std::pair<uint64_t, size_t>> list;
    for (const SendOutput& output : wanted<SendOutput>())
      list.emplace_back(output.offset, output.size_bytes);
    return list;
  }
  const Effects& effects() const { return effects_; }
  Core& core() { return core_; }
  Instant now() const { return now_; }

  Epoch epoch{5};
  Timing timing;
  uint64_t credit = limits::kOutputCreditBytes;

 private:
  static Settings with_names(Settings settings) {
    settings.worker = "w";
    settings.boot = kBoot;
    return settings;
  }

  Core core_;
  Instant now_{Duration{1'000'000}};
  Duration wall_ahead_{1'700'000'000'000};
  Effects effects_;
};

}  // namespace seaworthy::worker
