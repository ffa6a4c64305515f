#include "tests/cli/support/rows.h"

namespace seaworthy::test {

wire::BuildRow a_build(uint64_t number, std::optional<Verdict> verdict) {
  wire::BuildRow build;
  build.build = {number};
  build.rank = 1'000 + number;
  build.repository = "/srv/git/harbour.git";
  build.ref = "refs/heads/main";
  build.revision = kRevision;
  build.subject = "Widen the dock";
  build.author = "Ada <ada@localhost>";
  build.submitted = {1'700'000'000'000};
  if (verdict) {
    build.state = State::Finished;
    build.verdict = verdict;
    build.started = {1'700'000'001'000};
    build.finished = {1'700'000'004'200};
  }
  return build;
}

wire::JobRow a_job(uint64_t number, const std::string& name, std::optional<Verdict> verdict) {
  wire::JobRow job;
  job.job = {number};
  job.name = name;
  job.state = verdict ? State::Finished : State::Queued;
  job.verdict = verdict;
  return job;
}

wire::AttemptRow an_attempt(uint32_t number, const std::string& worker,
                            std::optional<Outcome> outcome) {
  wire::AttemptRow attempt;
  attempt.attempt = {number};
  attempt.worker = worker;
  attempt.outcome = outcome;
  attempt.assigned = {1'700'000'001'000};
  if (outcome) attempt.finished = {1'700'000'004'000};
  return attempt;
}

wire::EventRow an_event(uint64_t sequence, wire::EventKind kind) {
  wire::EventRow event;
  event.sequence = {sequence};
  event.at = {1'700'000'000'000};
  event.kind = kind;
  event.build = {12};
  event.repository = "/srv/git/harbour.git";
  event.ref = "refs/heads/main";
  event.revision = kRevision;
  return event;
}

}  // namespace seaworthy::test
