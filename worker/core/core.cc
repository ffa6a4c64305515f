#include "worker/core/core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "shared/base/assert.h"
#include "shared/base/overloaded.h"
#include "worker/core/rules.h"

namespace seaworthy::worker {
namespace {

template <class M>
AttemptKey key_of(const M& message) {
  return {message.job, message.attempt};
}

std::string seconds(Duration duration) {
  return std::to_string(duration.count() / 1000) + "." +
         std::to_string(duration.count() % 1000 / 100) + " s";
}

// What a broker asks for, as far as it makes sense: without a pause between two heartbeats the
// worker would do nothing else, and with the longest of all it could not count to three of them.
Timing sensible(Timing timing) {
  for (Duration* interval : {&timing.heartbeat, &timing.lease, &timing.grace, &timing.reattach,
                             &timing.accept, &timing.ready})
    *interval = std::clamp(*interval, rules::kShortestInterval, rules::kLongestInterval);
  return timing;
}

}  // namespace

std::string to_text(AttemptKey key) {
  return std::to_string(key.job.value) + "." + std::to_string(key.attempt.value);
}

Core::Core(Settings settings)
    : settings_(std::move(settings)), health_(settings_.least_free_disk_bytes) {}

Effects Core::step(Moment moment, const Event& event) {
  SW_ASSERT(!exited_);
  moment_ = moment;
  health_.saw_clocks(moment);
  std::visit([this](const auto& happened) { on(happened); }, event);
  act_on_deadlines();
  return std::exchange(effects_, {});
}

Phase Core::phase() const {
  if (!welcomed_) return Phase::Offline;
  if (has_process()) return Phase::Running;
  return held_.empty() ? Phase::Idle : Phase::Reporting;
}

// ---- events

void Core::on(const Received& event) {
  std::visit(overloaded{[this](const wire::Error& message) { hear_error(message); },
                        [this](const auto& message) {
                          if constexpr (requires { hear(message); }) {
                            if (is_for_us(message)) hear(message);
                          } else {
                            ++ignored_.not_for_workers;
                          }
                        }},
             event.message);
}

// What was sent while there was no connection is lost: the conversation starts over at once.
void Core::on(const Writable&) {
  if (!welcomed_) {
    hello_at_ = moment_.now;
    return;
  }
  heartbeat_at_ = moment_.now;
  ready_at_ = moment_.now;
  for (auto& [key, held] : held_) held.delivery.resume(std::nullopt);
}

void Core::on(const Measured& event) {
  measured_ = event;
  health_.saw_disk(event.free_disk_bytes);
}

void Core::on(const OutputGrew& event) {
  if (auto held = held_.find(event.key); held != held_.end() && held->second.stage != Stage::Ended)
    held->second.delivery.output_grew(event.size_bytes);
}

void Core::on(const AttemptEnded& event) {
  const AttemptKey key = key_of(event.report);
  auto held = held_.find(key);
  if (held == held_.end() || held->second.stage == Stage::Killed) return;
  wire::AttemptFinished report = event.report;
  report.boot = settings_.boot;
  say("job " + to_text(key) + " " + std::string(to_string(report.outcome)) +
      (report.detail.empty() ? "" : ": " + report.detail));
  const bool was_on_trial = health_.is_on_trial();
  health_.saw_outcome(moment_.now, report.job, report.outcome, report.detail);
  if (was_on_trial && !health_.is_on_trial()) say("jobs can be run here again");
  held->second.stage = Stage::Ended;
  held->second.delivery.finish(std::move(report));
  ready_at_ = moment_.now;
  if (!welcomed_)
    say("job " + to_text(key) + " will be reported when a broker answers", Say::Severity::Warning);
}

void Core::on(const AttemptGone& event) {
  auto held = held_.find(event.key);
  if (held == held_.end() || held->second.stage != Stage::Killed) return;
  effects_.push_back(DiscardSpool{event.key});
  held_.erase(held);
  ready_at_ = moment_.now;
}

void Core::on(const Recovered& event) {
  const AttemptKey key = key_of(event.report);
  wire::AttemptFinished report = event.report;
  report.boot = settings_.boot;
  Delivery delivery(key);
  delivery.finish(std::move(report));
  held_.emplace(key, Held{Stage::Ended, std::move(delivery)});
  remember(key);
  say("job " + to_text(key) +
      " ended in an earlier life of this worker and is still to be reported");
}

void Core::on(const DrainRequested&) {
  if (draining_) return;
  draining_ = true;
  if (settings_.drain_timeout > Duration{0})
    drain_deadline_ = moment_.now + settings_.drain_timeout;
  if (has_process()) {
    say("was asked to stop: finishes its job first and takes no other (a second signal gives the "
        "job back)");
    if (welcomed_) send(wire::Ready{settings_.boot, 0, ""});
  }
}

void Core::on(const LeaveRequested&) { leave("was asked to stop at once"); }

// ---- messages

template <class M>
bool Core::is_for_us(const M& message) {
  if (message.boot != settings_.boot) {
    ++ignored_.other_boot;
    return false;
  }
  if (message.epoch < epoch_) {
    ++ignored_.older_epoch;
    if constexpr (std::is_same_v<M, wire::Welcome>)
      say("ignored a broker of epoch " + std::to_string(message.epoch.value) +
              ", it obeyed epoch " + std::to_string(epoch_.value) +
              " before: it was deposed; if its state was deleted, restart this worker",
          Say::Severity::Warning);
    return false;
  }
  epoch_ = message.epoch;
  last_heard_ = moment_.now;
  return true;
}

void Core::hear(const wire::Welcome& message) {
  if (!welcomed_)
    say("connected: session " + std::to_string(message.session.value) + " of broker epoch " +
        std::to_string(message.epoch.value));
  welcomed_ = true;
  reconnect_at_.reset();
  reconnect_every_ = Duration{0};
  timing_ = sensible(message.timing);
  credit_bytes_ = message.output_credit > 0 ? message.output_credit : limits::kOutputCreditBytes;
  heartbeat_at_ = moment_.now + timing_.heartbeat;
  ready_at_ = moment_.now;
  for (auto& [key, held] : held_) held.delivery.resume(std::nullopt);
  for (const wire::KeptAttempt& kept : message.keep)
    if (auto held = held_.find(key_of(kept)); held != held_.end())
      held->second.delivery.resume(kept.output_offset);
  for (const AttemptKey& key : message.gone) revoke(key, "the broker gave it to another worker");
}

void Core::hear(const wire::Assign& message) {
  const AttemptKey key = key_of(message);
  if (auto held = held_.find(key); held != held_.end()) {
    ++ignored_.duplicate_assign;
    if (held->second.stage != Stage::Killed)
      send(wire::Accept{settings_.boot, key.job, key.attempt});
    return;
  }
  if (was_seen(key)) {
    ++ignored_.duplicate_assign;
    return;
  }
  if (std::optional<std::string> reason = reason_to_decline()) {
    say("declined job " + to_text(key) + ": " + *reason);
    send(wire::Decline{settings_.boot, key.job, key.attempt, *reason});
    return;
  }
  send(wire::Accept{settings_.boot, key.job, key.attempt});
  held_.emplace(key, Held{Stage::Running, Delivery(key)});
  remember(key);
  say("took job " + to_text(key) + " of build " + std::to_string(message.build.value) + ": " +
      message.specification.name + " of " + message.repository + " at " +
      message.revision.substr(0, 10));
  effects_.push_back(StartAttempt{message});
}

void Core::hear(const wire::HeartbeatOk& message) {
  for (const AttemptKey& key : message.gone) revoke(key, "the broker took it back");
  for (const AttemptKey& key : message.cancel) end_politely(key);
}

void Core::hear(const wire::CancelAttempt& message) { end_politely(key_of(message)); }

void Core::hear(const wire::OutputOk& message) {
  auto held = held_.find(key_of(message));
  if (held == held_.end() || held->second.stage == Stage::Killed)
    ++ignored_.unknown_attempt;
  else if (!held->second.delivery.acknowledge(moment_.now, message.offset, message.credit))
    ++ignored_.impossible_offset;
}

void Core::hear(const wire::Recorded& message) {
  const AttemptKey key = key_of(message);
  auto held = held_.find(key);
  if (held == held_.end() || held->second.stage != Stage::Ended) {
    ++ignored_.unknown_attempt;
    return;
  }
  if (message.superseded) say("job " + to_text(key) + " was recorded, but another attempt counts");
  held_.erase(held);
  effects_.push_back(DiscardSpool{key});
}

void Core::hear_error(const wire::Error& message) {
  if (message.code == wire::ErrorCode::NoSession) {
    if (welcomed_) lose_conversation("the broker does not know this worker any more");
    return;
  }
  last_heard_ = moment_.now;
  say("the broker refused: " + message.message, Say::Severity::Warning);
  if (welcomed_ || message.retry_after_ms == 0) return;
  const auto wait_ms = static_cast<int64_t>(
      std::min<uint64_t>(message.retry_after_ms, rules::kLongestRetryAfter.count()));
  hello_at_ = std::max(hello_at_, moment_.now + Duration{wait_ms});
  if (reconnect_at_) reconnect_at_ = std::max(*reconnect_at_, hello_at_);
}

// ---- deadlines

void Core::act_on_deadlines() {
  keep_conversation();
  look_after_health();
  if (welcomed_)
    for (auto& [key, held] : held_)
      if (held.stage != Stage::Killed) held.delivery.pump(moment_.now, credit_bytes_, effects_);
  if (welcomed_) offer_slot();
  if (draining_ || leaving_) keep_leaving();
}

void Core::keep_conversation() {
  const Instant now = moment_.now;
  if (welcomed_) {
    const Duration silence = now - last_heard_;
    if (silence >= timing_.heartbeat * rules::kLivenessHeartbeats) {
      lose_conversation("heard nothing from the broker for " + seconds(silence));
      reconnect();
    } else if (now >= heartbeat_at_) {
      heartbeat_at_ = now + timing_.heartbeat;
      send(wire::Heartbeat{settings_.boot, held(), measured_.load_permille,
                           measured_.free_disk_bytes});
    }
  }
  if (welcomed_) return;
  if (!reconnect_at_) {
    reconnect_every_ = rules::kReconnectFirst;
    reconnect_at_ = now + jittered(reconnect_every_);
  } else if (now >= *reconnect_at_) {
    reconnect();
  }
  if (now >= hello_at_) say_hello();
}

void Core::lose_conversation(const std::string& why) {
  welcomed_ = false;
  hello_at_ = moment_.now;
  reconnect_at_.reset();
  say(why + (has_process() ? ": goes on with its job and says hello again" : ": says hello again"),
      Say::Severity::Warning);
}

void Core::reconnect() {
  effects_.push_back(Reconnect{});
  reconnect_every_ = reconnect_every_ == Duration{0}
                         ? rules::kReconnectFirst
                         : std::min(reconnect_every_ * 2, rules::kReconnectLongest);
  reconnect_at_ = moment_.now + jittered(reconnect_every_);
  hello_at_ = moment_.now;
  say("waits for a broker, on a new connection",
      reconnect_every_ == rules::kReconnectIsLong ? Say::Severity::Warning : Say::Severity::Debug);
}

void Core::say_hello() {
  hello_at_ = moment_.now + jittered(rules::kHelloEvery);
  send(wire::Hello{settings_.worker, settings_.boot, settings_.host, settings_.pid,
                   settings_.version, settings_.labels, held(), ++hellos_});
}

void Core::look_after_health() {
  const std::string complaint = health_.complaint(moment_.now).value_or("");
  if (complaint == complaint_) return;
  complaint_ = complaint;
  ready_at_ = moment_.now;
  if (!complaint_.empty()) return say("takes no more jobs: " + complaint_, Say::Severity::Warning);
  say(health_.is_on_trial() ? "takes one job again, to see whether it can be run now"
                            : "takes jobs again");
  if (welcomed_ && has_process()) send(wire::Ready{settings_.boot, 0, ""});
}

void Core::offer_slot() {
  const bool free = is_free();
  if (moment_.now < ready_at_ || !(free || calls_in_sick())) return;
  ready_at_ = moment_.now + timing_.ready;
  send(free ? wire::Ready{settings_.boot, 1, ""} : wire::Ready{settings_.boot, 0, complaint_});
}

// ---- the end of attempts

void Core::end_politely(AttemptKey key) {
  auto held = held_.find(key);
  if (held == held_.end()) {
    ++ignored_.unknown_attempt;
    return;
  }
  if (held->second.stage != Stage::Running) return;
  held->second.stage = Stage::Cancelling;
  say("job " + to_text(key) + " is cancelled: ends its processes");
  effects_.push_back(EndAttempt{key});
}

void Core::revoke(AttemptKey key, const std::string& why) {
  auto held = held_.find(key);
  if (held == held_.end() || held->second.stage == Stage::Killed) return;
  say("gives up job " + to_text(key) + ": " + why, Say::Severity::Warning);
  if (held->second.stage == Stage::Ended) {
    held_.erase(held);
    effects_.push_back(DiscardSpool{key});
    return;
  }
  held->second.stage = Stage::Killed;
  effects_.push_back(KillAttempt{key});
}

// ---- leaving

void Core::leave(const std::string& why) {
  if (leaving_) return;
  leaving_ = true;
  leave_at_latest_ = moment_.now + rules::kLeaveAtLatest;
  for (auto& [key, held] : held_)
    if (held.stage == Stage::Running || held.stage == Stage::Cancelling) {
      held.stage = Stage::Killed;
      say("gives job " + to_text(key) + " back: " + why);
      effects_.push_back(KillAttempt{key});
    }
}

void Core::keep_leaving() {
  const Instant now = moment_.now;
  if (drain_deadline_ && now >= *drain_deadline_ && has_process())
    leave("did not end within the drain time-out");
  if (has_process() && !(leave_at_latest_ && now >= *leave_at_latest_)) return;
  if (!last_word_until_) last_word_until_ = now + rules::kLastWord;
  if (!leaving_ && welcomed_ && has_unrecorded() && now < *last_word_until_) return;
  if (has_unrecorded())
    say("leaves with outcomes that no broker has recorded; they are reported at the next start",
        Say::Severity::Warning);
  if (welcomed_)
    send(wire::Goodbye{settings_.boot, leaving_ ? "was asked to stop at once" : "drained"});
  effects_.push_back(Exit{});
  exited_ = true;
}

// ---- questions

std::optional<std::string> Core::reason_to_decline() const {
  if (!welcomed_) return "it is reconnecting";
  if (draining_ || leaving_) return "it is draining";
  if (has_process()) return "it is busy";
  if (auto complaint = health_.complaint(moment_.now)) return complaint;
  if (held_.size() >= rules::kUnrecordedAttempts)
    return "too many of its outcomes wait for a broker";
  return std::nullopt;
}

bool Core::is_free() const { return !reason_to_decline(); }

bool Core::calls_in_sick() const { return !complaint_.empty() && !draining_ && !leaving_; }

bool Core::has_process() const {
  return std::any_of(held_.begin(), held_.end(),
                     [](const auto& entry) { return entry.second.stage != Stage::Ended; });
}

bool Core::has_unrecorded() const {
  return std::any_of(held_.begin(), held_.end(),
                     [](const auto& entry) { return entry.second.stage == Stage::Ended; });
}

// Attempt numbers of a job only grow, so an older one than a seen one is a late copy too.
bool Core::was_seen(AttemptKey key) const {
  return std::any_of(remembered_.begin(), remembered_.end(), [&](AttemptKey seen) {
    return seen.job == key.job && key.attempt <= seen.attempt;
  });
}

void Core::remember(AttemptKey key) {
  remembered_.push_back(key);
  if (remembered_.size() > rules::kRememberedAttempts) remembered_.pop_front();
}

std::vector<wire::HeldAttempt> Core::held() const {
  std::vector<wire::HeldAttempt> list;
  for (const auto& [key, held] : held_)
    if (held.stage != Stage::Killed)
      list.push_back({key.job, key.attempt, held.stage == Stage::Ended});
  return list;
}

std::optional<Instant> Core::next_deadline() const {
  if (exited_) return std::nullopt;
  std::optional<Instant> next;
  auto consider = [&next](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (welcomed_) {
    consider(last_heard_ + timing_.heartbeat * rules::kLivenessHeartbeats);
    consider(heartbeat_at_);
    if (is_free() || calls_in_sick()) consider(ready_at_);
    for (const auto& [key, held] : held_)
      if (held.stage != Stage::Killed) consider(held.delivery.next_deadline());
  } else {
    consider(hello_at_);
    consider(reconnect_at_);
  }
  consider(health_.next_deadline(moment_.now));
  if (has_process()) {
    if (!leaving_) consider(drain_deadline_);
    consider(leave_at_latest_);
  } else {
    consider(last_word_until_);
  }
  return next;
}

// ± 25 %, by the splitmix64 generator.
Duration Core::jittered(Duration duration) {
  uint64_t bits = settings_.seed += 0x9e3779b97f4a7c15ull;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ull;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebull;
  bits ^= bits >> 31;
  const int64_t quarter = duration.count() / 4;
  const auto width = static_cast<uint64_t>(2 * quarter + 1);
  return duration - Duration{quarter} + Duration{static_cast<int64_t>(bits % width)};
}

void Core::say(std::string text, Say::Severity severity) {
  effects_.push_back(Say{severity, std::move(text)});
}

template <class M>
void Core::send(M message) {
  effects_.push_back(Send{std::move(message)});
}

}  // namespace seaworthy::worker
