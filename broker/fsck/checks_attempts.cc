// Attempts: numbers, and how they ended.
#include <array>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {
namespace {

constexpr std::array kAttemptChecks{
    Check{"attempt-numbers", Promise::S4,
          "A job's attempts are numbered from 1 without gaps, and it names the last one.",
          kDistrust,
          R"sql(
WITH told AS (SELECT job, count(*) AS times, min(number) AS first, max(number) AS last FROM attempt
              GROUP BY job)
SELECT build, id, 0, printf('it is at attempt %d, and there are %d attempts, %d to %d', attempt,
                            coalesce(times, 0), coalesce(first, 0), coalesce(last, 0))
FROM job LEFT JOIN told ON told.job = job.id
WHERE attempt <> coalesce(last, 0) OR coalesce(times, 0) <> attempt OR first <> 1
)sql"},

    Check{"attempt-assigned", Promise::S4,
          "One event tells to which worker an attempt was given, and it is the attempt's.",
          kDistrust,
          R"sql(
WITH told AS (SELECT job, attempt, count(*) AS times, max(worker) AS worker FROM event
              WHERE kind = 2 GROUP BY job, attempt)
SELECT build, id, number,
  CASE WHEN coalesce(times, 0) <> 1
         THEN printf('%d events say that it was given to a worker', coalesce(times, 0))
       ELSE printf('it is of worker %.128s, and its event says %.128s', attempt.worker, told.worker)
  END
FROM attempt JOIN job ON job.id = attempt.job
  LEFT JOIN told ON told.job = attempt.job AND told.attempt = number
WHERE coalesce(times, 0) <> 1 OR told.worker <> attempt.worker
)sql"},

    Check{"attempt-outcome", Promise::S5,
          "An attempt's outcome, and that it has ended, is what the last event about it tells.",
          kDistrust,
          R"sql(
WITH
  last AS (SELECT job, attempt, kind, detail, max(sequence) AS sequence FROM event
           WHERE kind IN (2, 4, 5, 6, 7, 8) GROUP BY job, attempt),
  told AS (SELECT last.job, last.attempt, sequence,
                  CASE kind WHEN 4 THEN 4 WHEN 5 THEN 5
                            WHEN 7 THEN coalesce(value, -1) WHEN 8 THEN coalesce(value, -1)
                  END AS outcome
           FROM last LEFT JOIN outcomes ON word = detail)
SELECT build, id, number,
  CASE WHEN told.outcome IS NOT attempt.outcome
         THEN printf('its outcome is %s, and event %d says %s',
                     coalesce((SELECT word FROM outcomes WHERE value = attempt.outcome), 'none'),
                     told.sequence,
                     coalesce((SELECT word FROM outcomes WHERE value = told.outcome), 'none'))
       ELSE printf('it has %s outcome and %s time of its end', iif(attempt.outcome, 'an', 'no'),
                   iif(finished_ms, 'a', 'no')) END
FROM attempt JOIN job ON job.id = attempt.job
  JOIN told ON told.job = attempt.job AND told.attempt = number
WHERE told.outcome IS NOT attempt.outcome
   OR (finished_ms <> 0) <> (attempt.outcome IS NOT NULL)
)sql"},

    Check{"test-report-attempt", Promise::Store,
          "What tests said was reported of an attempt that has ended.", kDistrust,
          R"sql(
SELECT coalesce(build, 0), test_report.job, test_report.attempt,
  iif(number IS NULL, 'it has a report of tests, and there is no such attempt',
      'it has a report of tests, and it has not ended')
FROM test_report LEFT JOIN attempt ON attempt.job = test_report.job AND number = test_report.attempt
  LEFT JOIN job ON job.id = test_report.job
WHERE number IS NULL OR outcome IS NULL
)sql"},
};

}  // namespace

std::span<const Check> attempt_checks() { return kAttemptChecks; }

}  // namespace seaworthy::fsck
