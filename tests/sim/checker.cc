#include "tests/sim/checker.h"

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"

namespace seaworthy::sim {
namespace {

uint64_t mix(AttemptKey key, uint64_t salt) {
  uint64_t z = key.job.value * 0x9e3779b97f4a7c15 + key.attempt.value * 0xbf58476d1ce4e5b9 + salt;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  return z ^ (z >> 27);
}

std::string name(AttemptKey key) {
  return "job " + std::to_string(key.job.value) + " attempt " + std::to_string(key.attempt.value);
}

}  // namespace

Outcome outcome_of(AttemptKey key) {
  if (mix({key.job, {}}, 30) % 12 == 0) return Outcome::Broken;  // its repository is away
  switch (mix(key, 1) % 10) {
    case 0:
    case 1:
    case 2: return Outcome::Failed;
    case 3: return Outcome::Broken;
    case 4: return Outcome::TimedOut;
    default: return Outcome::Passed;
  }
}

std::string output_of(AttemptKey key) {
  std::string text;
  const uint64_t lines = mix(key, 2) % 12;
  for (uint64_t i = 0; i < lines; ++i) text += std::to_string(mix(key, 3 + i) % 100'000) + "\n";
  return text;
}

uint64_t kept_output_of(AttemptKey key) {
  const uint64_t whole = output_of(key).size();
  return mix(key, 20) % 8 == 0 ? whole / 2 : whole;
}

void Checker::decided(const broker::Change& change, bool disk_is_full) {
  if (const auto* returned = std::get_if<broker::AttemptReturned>(&change.body)) {
    auto granted = granted_.find({returned->job, returned->attempt});
    require(returned->reason.find("never reached") == std::string::npos ||
                granted == granted_.end() || granted->second == last_hello_,
            "S8: the death of a worker was not charged to its job");
  }
  if (!disk_is_full) return;
  require(!std::holds_alternative<broker::BuildSubmitted>(change.body),
          "a new build was taken although the disk is full");
  require(!std::holds_alternative<broker::AttemptAssigned>(change.body),
          "a new attempt was started although the disk is full");
}

void Checker::durable(const broker::Change& change) {
  if (change.sequence) {
    require(change.sequence.value == last_sequence_.value + 1, "events: a gap in the numbers");
    last_sequence_ = change.sequence;
  }
  std::visit(
      overloaded{
          [&](const broker::BuildSubmitted& b) {
            if (b.again) return;
            const bool first =
                by_revision_.emplace(std::tuple(b.repository, b.ref, b.revision), b.build).second;
            require(first, "S2: two builds of one revision that nobody asked for again");
          },
          [&](const broker::AttemptAssigned& b) {
            require(losses_[b.job].size() < limits::kLosses && failures_[b.job] < limits::kFailures,
                    "S8: tried again after so many losses or failures");
            auto cancelled = attempts_at_cancel_.find(b.job);
            require(cancelled == attempts_at_cancel_.end() || b.attempt.value <= cancelled->second,
                    "S9: a new attempt after the cancel was acknowledged");
          },
          [&](const broker::AttemptLost& b) {
            losses_[b.job].insert(b.attempt.value);
            require(b.losses <= limits::kLosses && losses_[b.job].size() <= limits::kLosses,
                    "S8: more losses than allowed");
          },
          [&](const broker::AttemptEnded& b) {
            failures_[b.job] += b.report.outcome == Outcome::Broken;
            require(b.failures <= limits::kFailures && failures_[b.job] <= limits::kFailures,
                    "S8: more failures than allowed");
            const std::string& stored = store_.output({b.job, b.attempt});
            require(b.report.attempt == b.attempt,
                    "S4: an outcome is recorded for another attempt than it came from");
            require(stored.size() >= b.report.output_bytes,
                    "S7: recorded before its output was complete");
            require(b.report.output_truncated || stored == output_of({b.job, b.attempt}),
                    "S7: output is missing and nothing says so");
          },
          [&](const broker::CancelRequested& b) { cancel_asked_.insert(b.job); },
          [&](const broker::OutputStored& b) {
            const broker::RecoveredJob& job = store_.jobs().at(b.job).job;
            require(
                job.state == State::Running && job.attempt == b.attempt,
                "S7: output of an attempt that does not hold the job: " + name({b.job, b.attempt}));
            const std::string whole = output_of({b.job, b.attempt});
            const std::string& stored = store_.output({b.job, b.attempt});
            require(whole.starts_with(stored),
                    "S7: the stored output is no prefix of what was written");
          },
          [&](const broker::AttemptSuperseded& b) {
            const StoredJob& job = store_.jobs().at(b.job);
            require(!job.verdict || job.verdict_attempt != b.attempt,
                    "S4: the attempt that gave the verdict is called superseded");
            require(superseded_.insert({b.job, b.attempt}).second,
                    "S8: a late outcome is kept again and again");
          },
          [&](const broker::BuildRemoved& b) {
            require(build_verdicts_.contains(b.build), "S1: a build without a verdict was removed");
            by_revision_.erase({b.repository, b.ref, b.revision});
          },
          [&](const broker::JobFinished& b) { check_verdict(b); },
          [&](const broker::BuildFinished& b) {
            require(build_verdicts_.emplace(b.build, b.verdict).second,
                    "S3: a build has two verdicts");
          },
          [](const auto&) {},
      },
      change.body);
}

void Checker::check_verdict(const broker::JobFinished& finished) {
  require(verdicts_.emplace(finished.job, finished.verdict).second, "S3: a job has two verdicts");
  if (finished.verdict != Verdict::Passed && finished.verdict != Verdict::Failed) return;
  const AttemptKey key{finished.job, finished.attempt};
  require(store_.jobs().at(finished.job).job.attempt == finished.attempt,
          "S4: the verdict comes from an attempt that is not the current one");
  auto reported = reported_.find(key);
  require(reported != reported_.end(), "S5: a verdict that nobody reported: " + name(key));
  require(verdict_of(reported->second) == finished.verdict,
          "S5: not the verdict that was reported");
  require(verdict_of(outcome_of(key)) == finished.verdict, "S5: not what the job yielded");
}

void Checker::reaches_broker(const wire::Message& message) {
  if (const auto* hello = std::get_if<wire::Hello>(&message)) last_hello_ = hello->boot;
  if (const auto* finished = std::get_if<wire::AttemptFinished>(&message))
    reported_.emplace(AttemptKey{finished->job, finished->attempt}, finished->outcome);
}

void Checker::leaves_broker(const wire::Message& message) {
  std::visit(
      overloaded{
          [&](const wire::SubmitOk& ok) {
            for (const wire::SubmittedBuild& one : ok.builds) {
              require(store_.builds().contains(one.build), "S1: acknowledged and not durable");
              acknowledged_.insert(one.build);
            }
          },
          [&](const wire::Assign& assign) {
            const AttemptKey key{assign.job, assign.attempt};
            require(store_.jobs().at(assign.job).job.attempt >= assign.attempt,
                    "S4: an attempt number was given away before it was durable");
            auto granted = granted_.emplace(key, assign.boot);
            require(granted.second || granted.first->second == assign.boot,
                    "S4: one attempt granted to two workers: " + name(key));
          },
          [&](const wire::Recorded& recorded) {
            auto found = store_.jobs().find(recorded.job);
            if (found == store_.jobs().end()) return;  // removed with its build
            const StoredJob& job = found->second;
            require(!recorded.superseded || !job.verdict || job.verdict_attempt != recorded.attempt,
                    "S4: a worker is told that the attempt that gave the verdict does not count");
            require(recorded.superseded || job.verdict || job.job.attempt != recorded.attempt ||
                        job.job.state == State::Queued,
                    "S6: recorded before it was durable");
          },
          [&](const wire::OutputOk& ok) {
            require(store_.output({ok.job, ok.attempt}).size() >= ok.offset,
                    "S7: output acknowledged before it was durable");
          },
          [&](const wire::CancelOk&) {
            for (JobId job : cancel_asked_)
              if (store_.jobs().contains(job))
                attempts_at_cancel_.emplace(job, store_.jobs().at(job).job.attempt.value);
          },
          [](const auto&) {},
      },
      message);
}

void Checker::settled(bool only_broker_restarts) {
  for (BuildId build : acknowledged_) {
    require(store_.builds().contains(build) || store_.removed().contains(build),
            "S1: an acknowledged build vanished");
    require(build_verdicts_.contains(build),
            "L1: build " + std::to_string(build.value) + " has no verdict");
  }
  for (const auto& [id, job] : store_.jobs())
    require(!only_broker_restarts || job.past.losses == 0,
            "E1: restarts of the broker alone made job " + std::to_string(id.value) + " run twice");
}

}  // namespace seaworthy::sim
