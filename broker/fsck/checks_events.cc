// Events: the story as such.
#include <array>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {
namespace {

constexpr std::array kEventChecks{
    Check{"event-numbers", Promise::Store, "Events are numbered without gaps.", kRestore,
          R"sql(
WITH numbered AS (SELECT sequence, lag(sequence, 1, 0) OVER (ORDER BY sequence) AS before
                  FROM event)
SELECT 0, 0, 0, printf('%d event(s) before event %d are missing', sequence - before - 1, sequence)
FROM numbered WHERE sequence > before + 1 AND NOT EXISTS (SELECT * FROM gaps_allowed)
)sql"},

    Check{"event-subjects", Promise::S1,
          "An event names what its kind is about: a build, a job of it, an attempt of that.",
          kDistrust,
          R"sql(
SELECT event.build, event.job, event.attempt,
  printf('event %d, %s, names %s', sequence, (SELECT word FROM kinds WHERE value = kind),
         CASE WHEN build.id IS NULL THEN 'a build that is not there'
              WHEN event.job <> 0 AND job.id IS NULL THEN 'a job that is not there'
              WHEN event.job <> 0 AND job.build <> event.build THEN 'a job of another build'
              WHEN event.attempt <> 0 AND number IS NULL THEN 'an attempt that is not there'
              ELSE 'what it is not about, or not what it is about' END)
FROM event LEFT JOIN build ON build.id = event.build LEFT JOIN job ON job.id = event.job
  LEFT JOIN attempt ON attempt.job = event.job AND number = event.attempt
WHERE build.id IS NULL
   OR event.job <> 0 AND job.build IS NOT event.build
   OR event.attempt <> 0 AND number IS NULL
   OR (kind IN (1, 11)) <> (event.job = 0)
   OR kind BETWEEN 2 AND 8 AND event.attempt = 0
   OR kind IN (1, 9, 11) AND event.attempt <> 0
)sql"},

    Check{"cursors", Promise::Store, "A cursor is a follower's name at an event that was.",
          "delete the row: its follower begins with the newest event",
          R"sql(
SELECT 0, 0, 0, printf('the cursor %.200s stands at event %d', name, sequence)
FROM cursor
WHERE name = '' OR sequence < 0
   OR sequence > max((SELECT coalesce(max(sequence), 0) FROM event),
                     (SELECT value FROM meta WHERE key = 'last_sequence'))
)sql"},

    Check{"event-order", Promise::S4,
          "What happened to a job happened in an order that can be: given to a worker, kept or "
          "ended, given to the next, and nothing after its verdict.",
          kDistrust,
          R"sql(
WITH told AS (SELECT sequence, build, job, attempt, kind,
                     lag(kind) OVER story AS before, lag(attempt) OVER story AS attempt_before
              FROM event WHERE kind IN (2, 3, 4, 5, 6, 7, 10)
              WINDOW story AS (PARTITION BY job ORDER BY sequence))
SELECT build, job, attempt,
       printf('event %d, %s, of attempt %d, follows %s, of attempt %d', sequence,
              (SELECT word FROM kinds WHERE value = kind), attempt,
              coalesce((SELECT word FROM kinds WHERE value = before), 'nothing'),
              coalesce(attempt_before, 0))
FROM told
WHERE NOT coalesce(CASE
  WHEN kind = 2 THEN before IS NULL AND attempt = 1
                     OR before IN (4, 5, 7) AND attempt = attempt_before + 1
  WHEN kind IN (3, 4, 5, 7) THEN before IN (2, 3, 6) AND attempt = attempt_before
  WHEN kind = 6 THEN before = 5 AND attempt = attempt_before
  WHEN kind = 10 THEN before IS NULL OR before IN (4, 5, 7, 10) END, 0)
)sql"},

    Check{"cancel-last", Promise::S9, "No attempt was given out after its job was asked to end.",
          kDistrust,
          R"sql(
WITH asked AS (SELECT build, job, min(sequence) AS sequence FROM event WHERE kind = 9
               GROUP BY build, job)
SELECT event.build, event.job, event.attempt,
       printf('event %d gave it to a worker after event %d had asked the job to end',
              event.sequence, asked.sequence)
FROM asked JOIN event ON event.build = asked.build AND event.job = asked.job
WHERE kind = 2 AND event.sequence > asked.sequence
)sql"},
};

}  // namespace

std::span<const Check> event_checks() { return kEventChecks; }

}  // namespace seaworthy::fsck
