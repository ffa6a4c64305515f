// Jobs: what they need, where they stand, their verdicts.
#include <array>

#include "broker/fsck/check.h"

// A pipeline that was decided without running is a build of one job with this name and no attempt.
#define IS_DECIDED                                                \
  "(job.attempt = 0 AND job.name = 'pipeline' AND job.needs = ''" \
  " AND (SELECT count(*) FROM job other WHERE other.build = job.build) = 1)"

namespace seaworthy::fsck {
namespace {

constexpr std::array kJobChecks{
    Check{"job-names", Promise::S1, "The jobs of a build have names of their own.", kDistrust,
          R"sql(
SELECT build, min(id), 0, printf('jobs %.200s are all called %.128s', group_concat(id, ', '), name)
FROM job GROUP BY build, name HAVING count(*) > 1
)sql"},

    Check{"needs", Promise::S1, "What a job needs is another job of its build.", kRestore,
          R"sql(
SELECT build, id, 0, printf('its needs are no list of jobs: %.80s', needs)
FROM job WHERE NOT json_valid('[' || replace(needs, ' ', ',') || ']')
UNION ALL
SELECT need.build, need.job, 0,
       printf('it needs job %.20s, which is not another one of its build', need)
FROM need LEFT JOIN job other ON other.id = need
WHERE other.build IS NOT need.build OR need = need.job
)sql"},

    Check{"needs-passed", Promise::Needs,
          "A job was given to a worker only after what it needs had passed, and is skipped if that "
          "did not pass.",
          kDistrust,
          R"sql(
SELECT need.build, need.job, 0,
  CASE WHEN job.attempt > 0
         THEN printf('it was given to a worker, and job %d, which it needs, has not passed', need)
       ELSE printf('it is %s, and job %d, which it needs, did not pass',
                   (SELECT word FROM states WHERE value = job.state), need) END
FROM need JOIN job ON job.id = need.job
  JOIN job other ON other.id = need AND other.build = need.build
WHERE job.attempt > 0 AND NOT (other.state = 3 AND other.verdict IN (1, 3))
   OR other.state = 3 AND other.verdict NOT IN (1, 3)
      AND NOT (job.state = 3 AND job.verdict IN (4, 5))
UNION ALL
SELECT build, id, 0, 'it is skipped, and nothing that it needs is a reason'
FROM job
WHERE verdict = 5 AND NOT )sql" IS_DECIDED R"sql(
  AND NOT EXISTS (SELECT * FROM need JOIN job other ON other.id = need
                  WHERE need.job = job.id AND other.state = 3 AND other.verdict NOT IN (1, 3))
)sql"},

    Check{"running-job", Promise::S4,
          "A running job is held by the worker of its latest attempt, which has no outcome yet.",
          kDistrust,
          R"sql(
SELECT build, id, job.attempt,
  CASE WHEN held.job IS NULL THEN 'it is running, and this attempt is not there'
       WHEN held.outcome IS NOT NULL
         THEN printf('it is running, and this attempt has ended: %s',
                     (SELECT word FROM outcomes WHERE value = held.outcome))
       ELSE printf('it is running on %.128s, and this attempt was given to %.128s%s', job.worker,
                   held.worker, iif(job.worker = held.worker, ' in another life', '')) END
FROM job LEFT JOIN attempt held ON held.job = job.id AND held.number = job.attempt
WHERE job.state = 2 AND (held.job IS NULL OR held.outcome IS NOT NULL OR held.worker <> job.worker
  OR held.boot IS NOT job.boot
     AND NOT EXISTS (SELECT * FROM event WHERE event.build = job.build AND event.job = job.id
                     AND event.attempt = held.number AND kind IN (3, 6)))
)sql"},

    Check{"open-attempt", Promise::S4,
          "Only the latest attempt of a running job is without an outcome.", kDistrust,
          R"sql(
SELECT build, job, number, printf('it has no outcome, and the job is %s at attempt %d',
                                  (SELECT word FROM states WHERE value = job.state), job.attempt)
FROM attempt JOIN job ON job.id = attempt.job
WHERE outcome IS NULL AND NOT (state = 2 AND number = job.attempt)
)sql"},

    Check{"job-state", Promise::S3, "A job has a verdict when, and only when, it is finished.",
          kDistrust,
          R"sql(
SELECT build, id, 0, printf('it is %s, and has %s verdict',
                            (SELECT word FROM states WHERE value = state),
                            iif(verdict IS NULL, 'no', 'a'))
FROM job WHERE (state = 3) <> (verdict IS NOT NULL)
)sql"},

    Check{"job-ends", Promise::S3, "One event tells a finished job's verdict, and no other's.",
          kDistrust,
          R"sql(
WITH told AS (SELECT job, count(*) AS times, max(detail) AS word FROM event WHERE kind = 10
              GROUP BY job)
SELECT build, id, 0,
  CASE WHEN coalesce(times, 0) <> (state = 3)
         THEN printf('it is %s, and %d events say that it is finished',
                     (SELECT word FROM states WHERE value = state), coalesce(times, 0))
       ELSE printf('it is %s, and its event says %.40s', verdicts.word, told.word) END
FROM job LEFT JOIN told ON told.job = job.id LEFT JOIN verdicts ON value = verdict
WHERE coalesce(times, 0) <> (state = 3)
   OR state = 3 AND verdict IS NOT NULL AND told.word IS NOT verdicts.word
)sql"},

    Check{"verdict-attempt", Promise::S4, "A verdict comes from the job's latest attempt.",
          kDistrust,
          R"sql(
SELECT job.build, job.id, event.attempt,
       printf('event %d says that attempt %d decided it, and the latest is %d', sequence,
              event.attempt, job.attempt)
FROM event JOIN job ON job.id = event.job
WHERE kind = 10 AND (event.attempt NOT IN (0, job.attempt)
                     OR event.attempt = 0 AND job.attempt <> 0 AND job.verdict IN (1, 2))
)sql"},

    Check{"verdict-reported", Promise::S5,
          "Passed and failed are what the worker reported of the job's latest attempt.", kDistrust,
          R"sql(
SELECT job.build, job.id, job.attempt,
       printf('it is %s, and %s', verdicts.word,
              CASE WHEN number IS NULL THEN 'no attempt says so'
                   WHEN outcome IS NULL THEN 'this attempt has no outcome'
                   ELSE printf('the outcome of this attempt is %s', outcomes.word) END)
FROM job JOIN verdicts ON verdicts.value = job.verdict
  LEFT JOIN attempt ON attempt.job = job.id AND number = job.attempt
  LEFT JOIN outcomes ON outcomes.value = outcome
WHERE job.state = 3 AND job.verdict IN (1, 2) AND outcomes.verdict IS NOT job.verdict
  AND NOT (job.verdict = 2 AND )sql" IS_DECIDED R"sql()
)sql"},

    Check{"counted", Promise::S8, "Losses and failures are counted as the events tell them.",
          kDistrust,
          R"sql(
WITH told AS (SELECT job, sum(kind = 5) AS losses, sum(kind = 7 AND detail = 'broken') AS failures
              FROM event WHERE kind IN (5, 7) GROUP BY job)
SELECT build, id, 0, printf('it counts %d losses and %d failures, its events tell of %d and %d',
                            job.losses, job.failures, coalesce(told.losses, 0),
                            coalesce(told.failures, 0))
FROM job LEFT JOIN told ON told.job = job.id
WHERE job.losses <> coalesce(told.losses, 0) OR job.failures <> coalesce(told.failures, 0)
)sql"},

    Check{"budget", Promise::S8,
          "A job is tried again after losses and failures up to the limit, and is then, and only "
          "then, inconclusive; or no worker could run it.",
          kDistrust,
          R"sql(
SELECT build, id, 0, printf('it is %s%s after %d losses and %d failures; the limits are %d and %d',
                            (SELECT word FROM states WHERE value = state),
                            coalesce(', ' || (SELECT word FROM verdicts WHERE value = verdict)
                                     || ',', ''),
                            job.losses, job.failures, limits.losses, limits.failures)
FROM job JOIN limits
WHERE job.losses > limits.losses OR job.failures > limits.failures
   OR (job.losses = limits.losses OR job.failures = limits.failures)
      AND NOT (state = 3 AND verdict IN (4, 6))
   OR verdict = 6 AND job.losses < limits.losses AND job.failures < limits.failures
      AND NOT EXISTS (SELECT * FROM specification WHERE specification.id = job.specification
                      AND runs_on <> '')
)sql"},

    Check{"unmatched", Promise::S5,
          "A job that is inconclusive within the limits says that no worker could run it.",
          kDistrust,
          R"sql(
SELECT build, job.id, 0, printf('it is inconclusive after %d losses and %d failures, and its note '
                                || 'is: %.80s', job.losses, job.failures, note)
FROM job JOIN limits JOIN specification ON specification.id = job.specification
WHERE verdict = 6 AND job.losses < limits.losses AND job.failures < limits.failures
  AND runs_on <> '' AND instr(note, 'no worker came that could run it') = 0
)sql"},

    Check{"cancel-kept", Promise::S9,
          "A job that was asked to end runs to its end or is cancelled, and no other is cancelled.",
          kDistrust,
          R"sql(
WITH told AS (SELECT job, count(*) AS times FROM event WHERE kind = 9 GROUP BY job)
SELECT build, id, 0,
  printf('it is %s%s; %d events, and %s, say that it was asked to end',
         (SELECT word FROM states WHERE value = state),
         coalesce(', ' || (SELECT word FROM verdicts WHERE value = verdict), ''),
         coalesce(times, 0), iif(cancel_requested, 'the job', 'not the job'))
FROM job LEFT JOIN told ON told.job = job.id
WHERE coalesce(times, 0) <> cancel_requested
   OR cancel_requested AND (state = 1 OR state = 3 AND verdict <> 4)
   OR NOT cancel_requested AND verdict = 4
)sql"},
};

}  // namespace

std::span<const Check> job_checks() { return kJobChecks; }

}  // namespace seaworthy::fsck
