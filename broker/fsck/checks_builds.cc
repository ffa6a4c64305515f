// Builds, and the requests that made them.
#include <array>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {
namespace {

constexpr std::array kBuildChecks{
    Check{"numbers", Promise::S1, "Builds and jobs are numbered without gaps: none has vanished.",
          kRestore,
          R"sql(
WITH
  builds AS (SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS before FROM build),
  jobs AS (SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS before FROM job)
SELECT before + 1, 0, 0, printf('%d build(s) before build %d are missing', id - before - 1, id)
FROM builds WHERE id > before + 1 AND NOT EXISTS (SELECT * FROM gaps_allowed)
UNION ALL
SELECT 0, before + 1, 0, printf('%d job(s) before job %d are missing', id - before - 1, id)
FROM jobs WHERE id > before + 1 AND NOT EXISTS (SELECT * FROM gaps_allowed)
)sql"},

    Check{"one-per-revision", Promise::S2,
          "A revision of a ref has one build, and more only where a person asked again.", kDistrust,
          R"sql(
SELECT min(id), 0, 0, printf('builds %.200s are of one revision of %.200s',
                             group_concat(id, ', '), ref)
FROM build WHERE again = 0 GROUP BY repository, ref, revision HAVING count(*) > 1
)sql"},

    Check{"requests", Promise::S2, "The builds that a request was answered with are there.",
          kRestore,
          R"sql(
SELECT first_build, 0, 0, printf('request %.32s was answered with it, and it is not there', hex(id))
FROM request
WHERE first_build <> 0 AND first_build NOT IN (SELECT id FROM build)
  AND NOT (EXISTS (SELECT * FROM gaps_allowed)
           AND first_build BETWEEN 1 AND (SELECT max(id) FROM build))
)sql"},

    Check{"build-state", Promise::S3,
          "A build has jobs, and is finished with a verdict when, and only when, all of them are.",
          kDistrust,
          R"sql(
WITH told AS (SELECT build, count(*) AS jobs, sum(state <> 3) AS unfinished FROM job GROUP BY build)
SELECT id, 0, 0,
  CASE WHEN told.jobs IS NULL THEN 'it has no jobs'
       WHEN (state = 3) <> (unfinished = 0)
         THEN printf('it is %s, and %d of its %d jobs are not finished',
                     (SELECT word FROM states WHERE value = state), unfinished, told.jobs)
       WHEN (state = 3) <> (verdict IS NOT NULL)
         THEN printf('it is %s, and has %s verdict',
                     (SELECT word FROM states WHERE value = state), iif(verdict IS NULL, 'no', 'a'))
       ELSE printf('it is %s, and has %s time of its end',
                   (SELECT word FROM states WHERE value = state), iif(finished_ms, 'a', 'no')) END
FROM build LEFT JOIN told ON told.build = build.id
WHERE told.jobs IS NULL OR (state = 3) <> (unfinished = 0)
   OR (state = 3) <> (verdict IS NOT NULL) OR (state = 3) <> (finished_ms <> 0)
)sql"},

    Check{"build-started", Promise::Store,
          "A build is running, and has a start, once a worker was given one of its jobs.",
          kDistrust,
          R"sql(
WITH told AS (SELECT build, count(*) AS attempts FROM job JOIN attempt ON attempt.job = job.id
              GROUP BY build)
SELECT id, 0, 0, printf('it is %s and has %s start; its jobs have %d attempts',
                        (SELECT word FROM states WHERE value = state),
                        iif(started_ms, 'a', 'no'), coalesce(attempts, 0))
FROM build LEFT JOIN told ON told.build = build.id
WHERE (started_ms <> 0) <> (coalesce(attempts, 0) > 0)
   OR state = 1 AND attempts > 0 OR state = 2 AND attempts IS NULL
)sql"},

    Check{"build-verdict", Promise::S5, "A build's verdict is the gravest of its jobs'.", kDistrust,
          R"sql(
WITH told AS (SELECT build, max(gravity) AS gravity FROM job JOIN verdicts ON value = verdict
              GROUP BY build HAVING count(*) = count(verdict))
SELECT id, 0, 0, printf('it is %s, and the gravest verdict of its jobs is %s', has.word,
                        gravest.word)
FROM build JOIN told ON told.build = build.id JOIN verdicts has ON has.value = build.verdict
  JOIN verdicts gravest ON gravest.gravity = told.gravity
WHERE build.state = 3 AND has.gravity <> told.gravity
)sql"},

    Check{"build-begins", Promise::S1, "A build's story begins with the event of its submission.",
          kDistrust,
          R"sql(
WITH told AS (SELECT build, min(sequence) AS first, sum(kind = 1) AS times,
                     min(iif(kind = 1, sequence, NULL)) AS submitted
              FROM event GROUP BY build)
SELECT id, 0, 0,
  CASE WHEN coalesce(times, 0) <> 1
         THEN printf('%d events say that it was submitted', coalesce(times, 0))
       ELSE printf('event %d, about it, comes before event %d, its submission', first, submitted)
  END
FROM build LEFT JOIN told ON told.build = build.id
WHERE coalesce(times, 0) <> 1 OR first <> submitted
)sql"},

    Check{"build-ends", Promise::S3,
          "A finished build's story ends with one event that tells its verdict.", kDistrust,
          R"sql(
WITH told AS (SELECT build, max(sequence) AS last, sum(kind = 11) AS times,
                     max(iif(kind = 11, sequence, NULL)) AS finished,
                     max(iif(kind = 11, detail, NULL)) AS word
              FROM event GROUP BY build)
SELECT id, 0, 0,
  CASE WHEN coalesce(times, 0) <> (state = 3)
         THEN printf('it is %s, and %d events say that it is finished',
                     (SELECT word FROM states WHERE value = state), coalesce(times, 0))
       WHEN told.word IS NOT verdicts.word
         THEN printf('it is %s, and its event says %.40s', verdicts.word, told.word)
       ELSE printf('event %d, about it, comes after event %d, its end', last, finished) END
FROM build LEFT JOIN told ON told.build = build.id LEFT JOIN verdicts ON value = verdict
WHERE coalesce(times, 0) <> (state = 3)
   OR state = 3 AND verdict IS NOT NULL AND (told.word IS NOT verdicts.word OR last <> finished)
)sql"},
};

}  // namespace

std::span<const Check> build_checks() { return kBuildChecks; }

}  // namespace seaworthy::fsck
