// The life of a job, from the lease to the verdict.
#include <algorithm>

#include "broker/core/core.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

void Core::lose(JobId id, const std::string& reason) {
  const Job& job = *ledger_.find_job(id);
  leases_.drop(id);
  decide(AttemptLost{id, job.attempt, job.past().worker, reason, job.past().losses + 1});
  if (job.past().losses >= limits::kLosses && !job.cancel_requested)
    finish(id, Verdict::Inconclusive, {},
           "its workers were lost " + std::to_string(job.past().losses) +
               " times, the last one because " + reason);
  else
    requeue_or_cancel(id);
}

void Core::give_back(JobId id, const std::string& reason) {
  const Job& job = *ledger_.find_job(id);
  leases_.drop(id);
  decide(AttemptReturned{id, job.attempt, job.past().worker, reason});
  requeue_or_cancel(id);
}

// The job is queued again already; a person may have asked to end it meanwhile.
void Core::requeue_or_cancel(JobId id) {
  if (ledger_.find_job(id)->cancel_requested) finish(id, Verdict::Cancelled, {}, "cancelled");
}

void Core::record_outcome(JobId id, const wire::AttemptFinished& report) {
  const Job& job = *ledger_.find_job(id);
  const AttemptNumber attempt = job.attempt;
  leases_.drop(id);
  const uint32_t failures = job.past().failures + (report.outcome == Outcome::Broken ? 1 : 0);
  const Duration ran{std::max<int64_t>(0, moment_.wall.value - job.past().assigned.value)};
  AttemptEnded ended{id, job.build, attempt, job.past().worker, report, failures, ran};
  ended.report.output_bytes = job.past().output_bytes;  // what is stored is kept, whatever it says
  decide(std::move(ended));
  if (job.cancel_requested) return finish(id, Verdict::Cancelled, attempt, "");
  switch (report.outcome) {
    case Outcome::Passed:
    case Outcome::Failed:
    case Outcome::TimedOut: return finish(id, verdict_of(report.outcome), attempt, "");
    case Outcome::Broken:
      if (failures < limits::kFailures) return hold_back(id, failures);
      return finish(id, Verdict::Inconclusive, attempt,
                    "it could not be run " + std::to_string(failures) + " times: " + report.detail);
    case Outcome::Cancelled:  // without anybody's asking: the worker was stopped and gives it back
    case Outcome::Lost: return;
  }
}

// Whatever was in the way, a remote that is away or a full disk, is given time to go away.
void Core::hold_back(JobId id, uint32_t failures) {
  Duration pause = limits::kBrokenPause;
  for (uint32_t i = 1; i < failures; ++i) pause *= 6;
  ledger_.hold_back(id);
  held_back_.add(id, moment_.now + pause);
}

void Core::finish(JobId id, Verdict verdict, AttemptNumber attempt, const std::string& note) {
  const BuildId build = ledger_.find_job(id)->build;
  decide(JobFinished{id, build, verdict, attempt, note});
  if (!ledger_.find_job(id)->passed) skip_dependents(id);
  const Build* rest = ledger_.find_build(build);
  if (rest != nullptr && rest->unfinished == 0) decide(BuildFinished{build, rest->verdict});
}

void Core::skip_dependents(JobId id) {
  const std::string note =
      "it needs " + ledger_.name_of(*ledger_.find_job(id)) + ", which did not pass";
  for (JobId waiting : ledger_.waiting_for(id)) {
    // A job may wait for two that did not pass; and the first of them may have ended the build's
    // last job.
    const Job* job = ledger_.find_job(waiting);
    if (job != nullptr && job->state == State::Queued) finish(waiting, Verdict::Skipped, {}, note);
  }
}

}  // namespace seaworthy::broker
