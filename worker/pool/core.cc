#include "worker/pool/core.h"

#include <algorithm>
#include <utility>

namespace seaworthy::worker::pool {
namespace {

std::string count_of(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string in_words(Duration duration) {
  const auto ms = duration.count();
  if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + " min";
  return ms % 1'000 == 0 ? std::to_string(ms / 1'000) + " s" : std::to_string(ms) + " ms";
}

std::string name_of(Slot slot) { return "worker " + std::to_string(slot); }

}  // namespace

Effects Core::step(Instant now, const Event& event) {
  now_ = now;
  std::visit([this](const auto& happened) { on(happened); }, event);
  if (draining_) {
    exit_when_empty();
  } else {
    see_that_starts_work();
    grow();
    shrink();
  }
  return std::exchange(effects_, {});
}

// ---- events

void Core::on(const DemandTold& event) {
  waiting_ = event.waiting;
  told_at_ = now_;
}

void Core::on(const WorkerSaid& event) {
  auto found = workers_.find(event.slot);
  if (found == workers_.end() || found->second.state == event.state) return;
  found->second.state = event.state;
  found->second.since = now_;
}

void Core::on(const WorkerEnded& event) {
  auto found = workers_.find(event.slot);
  if (found == workers_.end()) return;
  const Worker worker = found->second;
  workers_.erase(found);
  if (worker.stopping) return;
  if (now_ - worker.started < kEndsSoon) return start_failed(event.slot, worker.started, event.how);
  say(name_of(event.slot) + " ended by itself: " + event.how, Say::Severity::Warning);
}

void Core::on(const StartFailed& event) {
  auto found = workers_.find(event.slot);
  if (found == workers_.end()) return;
  const Worker worker = found->second;
  workers_.erase(found);
  if (!worker.stopping) start_failed(event.slot, worker.started, event.why);
}

void Core::on(const DrainRequested&) {
  if (draining_) return;
  draining_ = true;
  const auto busy = static_cast<size_t>(std::ranges::count_if(
      workers_, [](const auto& one) { return one.second.state == State::Busy; }));
  say("was asked to stop: " +
      (busy == 0 ? "no worker has a job"
                 : count_of(busy, "worker") + " will finish a job first (a second signal gives " +
                       (busy == 1 ? "it" : "them") + " back)"));
  for (auto& [slot, worker] : workers_)
    if (!std::exchange(worker.stopping, true)) effects_.push_back(Drain{slot});
}

void Core::on(const LeaveRequested&) {
  on(DrainRequested{});
  if (std::exchange(leaving_, true)) return;
  for (const auto& [slot, worker] : workers_) effects_.push_back(Leave{slot});
}

// ---- starts that fail

// One round of starts fails for one reason, whatever number of workers it has, and is said once.
void Core::start_failed(Slot slot, Instant started, const std::string& why) {
  failed_slots_[slot] = now_;
  if (failures_ > 0 && started <= failed_at_) return;
  const Duration pause = std::min(kRetryFirst * (1 << std::min(failures_, 10u)), kRetryLongest);
  ++failures_;
  failed_at_ = now_;
  retry_at_ = now_ + pause;
  if (why == failure_) return;
  failure_ = why;
  say(name_of(slot) + " could not be started: " + why + "; tries again, with pauses of " +
          in_words(kRetryFirst) + " to " + in_words(kRetryLongest),
      Say::Severity::Warning);
}

// The one start that is tried after a failure.
const Core::Worker* Core::on_trial() const {
  for (const auto& [slot, worker] : workers_)
    if (worker.started > failed_at_ && !worker.stopping) return &worker;
  return nullptr;
}

void Core::see_that_starts_work() {
  if (failures_ == 0) return;
  const Worker* trial = on_trial();
  if (trial == nullptr || now_ - trial->started < kEndsSoon) return;
  failures_ = 0;
  failure_.clear();
  for (const auto& [slot, worker] : workers_) failed_slots_.erase(slot);
  say("workers can be started again");
}

size_t Core::starts_allowed() const {
  if (failures_ == 0) return settings_.most;
  return now_ >= retry_at_ && on_trial() == nullptr ? 1 : 0;
}

// ---- more and fewer

void Core::grow() {
  const size_t have = staying();
  const size_t missing = settings_.least > have ? settings_.least - have : 0;
  const uint64_t waiting = waiting_.value_or(0);
  const size_t covered = will_take_jobs();
  const size_t uncovered = waiting > covered ? static_cast<size_t>(waiting) - covered : 0;
  const size_t room = settings_.most - std::min(settings_.most, workers_.size());
  const size_t count = std::min({std::max(missing, uncovered), room, starts_allowed()});
  if (count == 0) return;
  std::string text =
      uncovered > missing
          ? count_of(waiting, "job") + (waiting == 1 ? " waits" : " wait") + settings_.wanted + ": "
          : "";
  text += "starting " + (have > 0 ? std::to_string(count) + " more worker" + (count == 1 ? "" : "s")
                                  : count_of(count, "worker"));
  if (uncovered <= missing)
    text += ", for " + std::to_string(settings_.least) + " that are always there";
  text += " (" + std::to_string(have + count) + " of " + std::to_string(settings_.most) + ")";
  say(std::move(text), failures_ == 0 ? Say::Severity::Info : Say::Severity::Debug);
  for (size_t i = 0; i < count; ++i) {
    const Slot slot = free_slot();
    workers_[slot] = {State::Offline, now_, now_, false};
    effects_.push_back(Start{slot});
  }
}

// The broker gives each worker its turn, so that with a little work none is idle for long. What
// counts is how many were idle at any time.
void Core::shrink() {
  const size_t idle_now = idle();
  while (spare_since_.size() > idle_now) spare_since_.pop_back();
  while (spare_since_.size() < idle_now) spare_since_.push_back(now_);
  const size_t have = staying();
  size_t count = have > settings_.least ? have - settings_.least : 0;
  const auto not_long = [&](Instant since) { return now_ - since < settings_.idle; };
  const auto first_needed = std::ranges::find_if(spare_since_, not_long);
  count = std::min(count, static_cast<size_t>(first_needed - spare_since_.begin()));
  if (count == 0) return;
  say(count_of(count, "worker") + (count == 1 ? " was" : " were") + " not needed for " +
      in_words(settings_.idle) + ": stopping " + (count == 1 ? "it" : "them") + " (" +
      std::to_string(have - count) + " of " + std::to_string(settings_.most) + ")");
  for (size_t i = 0; i < count; ++i) {
    const Slot slot = last_to_become_idle();
    workers_.at(slot).stopping = true;
    effects_.push_back(Drain{slot});
    spare_since_.pop_front();
  }
}

void Core::exit_when_empty() {
  if (!workers_.empty() || std::exchange(exited_, true)) return;
  effects_.push_back(Exit{});
}

std::optional<Instant> Core::next_deadline() const {
  if (draining_) return std::nullopt;
  std::optional<Instant> next;
  auto consider = [&](Instant at) { next = next ? std::min(*next, at) : at; };
  if (failures_ > 0) {
    const Worker* trial = on_trial();
    if (trial != nullptr)
      consider(trial->started + kEndsSoon);
    else if (retry_at_ > now_)
      consider(retry_at_);
  }
  if (!spare_since_.empty() && staying() > settings_.least)
    consider(spare_since_.front() + settings_.idle);
  for (const auto& [slot, worker] : workers_)
    if (may_have_taken_one(worker)) consider(worker.since + kOvertakes);
  return next;
}

// ---- questions

size_t Core::staying() const {
  return static_cast<size_t>(
      std::ranges::count_if(workers_, [](const auto& one) { return !one.second.stopping; }));
}

size_t Core::idle() const {
  return static_cast<size_t>(std::ranges::count_if(workers_, [](const auto& one) {
    return !one.second.stopping && one.second.state == State::Idle;
  }));
}

size_t Core::will_take_jobs() const {
  return static_cast<size_t>(std::ranges::count_if(workers_, [this](const auto& one) {
    return !one.second.stopping &&
           (one.second.state != State::Busy || may_have_taken_one(one.second));
  }));
}

// Of the jobs that wait, as far as is known here.
bool Core::may_have_taken_one(const Worker& worker) const {
  return worker.state == State::Busy && worker.since >= told_at_ &&
         now_ - worker.since < kOvertakes;
}

// One that is left from a failure may still be in use, by a pool that was killed.
Slot Core::free_slot() const {
  Slot best = 0;
  auto failed = [this](Slot slot) {
    auto found = failed_slots_.find(slot);
    return found == failed_slots_.end() ? std::nullopt : std::optional(found->second);
  };
  for (Slot slot = 1; slot <= settings_.most; ++slot)
    if (!workers_.contains(slot) && (best == 0 || failed(slot) < failed(best))) best = slot;
  return best;
}

// The next job is most likely another's.
Slot Core::last_to_become_idle() const {
  const std::pair<const Slot, Worker>* last = nullptr;
  for (const auto& one : workers_)
    if (!one.second.stopping && one.second.state == State::Idle &&
        (last == nullptr || one.second.since >= last->second.since))
      last = &one;
  return last->first;
}

void Core::say(std::string text, Say::Severity severity) {
  effects_.push_back(Say{severity, std::move(text)});
}

}  // namespace seaworthy::worker::pool
