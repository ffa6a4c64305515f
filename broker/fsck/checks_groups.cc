// Concurrency groups.
#include <array>

#include "broker/fsck/check.h"

namespace seaworthy::fsck {
namespace {

constexpr std::array kGroupChecks{
    Check{"group-holder", Promise::Groups,
          "A build of a concurrency group is given its first worker after the one before it has "
          "finished.",
          kDistrust,
          R"sql(
WITH
  told AS (SELECT build.id AS id, repository, concurrency_group AS name,
                  min(iif(kind = 2, sequence, NULL)) AS first,
                  coalesce(max(iif(kind = 11, sequence, NULL)), 9223372036854775807) AS last
           FROM build JOIN event ON event.build = build.id
           WHERE concurrency_group <> '' GROUP BY build.id),
  follows AS (SELECT id, name, first, lag(id) OVER held AS before, lag(last) OVER held AS until
              FROM told WHERE first IS NOT NULL
              WINDOW held AS (PARTITION BY repository, name ORDER BY first))
SELECT id, 0, 0, printf('event %d gave it a worker while build %d had the concurrency group %.128s',
                        first, before, name)
FROM follows WHERE until > first
)sql"},

    Check{"group-ended", Promise::Groups,
          "Where a newer build ends the older ones of its group, those that go on were asked to "
          "end.",
          kDistrust,
          R"sql(
WITH newest AS (SELECT repository AS of, concurrency_group AS name, max(rank) AS rank, id
                FROM build WHERE ends_older = 1 AND concurrency_group <> ''
                GROUP BY repository, concurrency_group)
SELECT build.id, job.id, 0,
       printf('it goes on, and build %d, which is newer, ends the older ones of the group %.128s',
              newest.id, newest.name)
FROM build JOIN newest ON newest.of = build.repository
      AND newest.name = build.concurrency_group
  JOIN job ON job.build = build.id
WHERE build.state < 3 AND build.rank < newest.rank AND job.state < 3
  AND job.cancel_requested = 0
)sql"},
};

}  // namespace

std::span<const Check> group_checks() { return kGroupChecks; }

}  // namespace seaworthy::fsck
