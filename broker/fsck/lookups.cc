#include "broker/fsck/lookups.h"

#include <array>

#include "shared/model/limits.h"
#include "shared/model/verdict.h"
#include "shared/wire/message.h"

namespace seaworthy::fsck {
namespace {

using broker::Statement;

constexpr const char* kTables = R"sql(
CREATE TEMP TABLE states (value INTEGER PRIMARY KEY, word TEXT);
CREATE TEMP TABLE kinds (value INTEGER PRIMARY KEY, word TEXT);
CREATE TEMP TABLE outcomes (value INTEGER PRIMARY KEY, word TEXT, verdict INTEGER);
CREATE TEMP TABLE verdicts (value INTEGER PRIMARY KEY, word TEXT, gravity INTEGER);
CREATE TEMP TABLE limits (losses INTEGER, failures INTEGER);
CREATE TEMP VIEW need AS
  SELECT job.build AS build, job.id AS job, json_each.value AS need
  FROM main.job, json_each(CASE WHEN json_valid('[' || replace(needs, ' ', ',') || ']')
                                THEN '[' || replace(needs, ' ', ',') || ']' ELSE '[]' END);
-- The one place that knows which numbers may be missing.
CREATE TEMP VIEW gaps_allowed AS
  SELECT 1 FROM main.meta WHERE key = 'removed_builds' AND value > 0;
)sql";

// What has been added since: the names stand before those of the store.
constexpr const char* kSinceVersion2 = R"sql(
CREATE TEMP VIEW build AS SELECT *, '' AS concurrency_group, 0 AS ends_older FROM main.build;
CREATE TEMP VIEW specification AS SELECT *, '' AS runs_on, 2 AS priority FROM main.specification;
)sql";
constexpr const char* kSinceVersion3 = R"sql(
CREATE TEMP VIEW cursor AS SELECT '' AS name, 0 AS sequence WHERE 0;
)sql";

constexpr std::array kStates{State::Queued, State::Running, State::Finished};
constexpr std::array kOutcomes{Outcome::Passed,    Outcome::Failed, Outcome::TimedOut,
                               Outcome::Cancelled, Outcome::Lost,   Outcome::Broken};
constexpr std::array kVerdicts{Verdict::Passed,    Verdict::Failed,  Verdict::Flaky,
                               Verdict::Cancelled, Verdict::Skipped, Verdict::Inconclusive};
constexpr auto kFirstKind = static_cast<int>(wire::EventKind::BuildSubmitted);
constexpr auto kLastKind = static_cast<int>(wire::EventKind::BuildFinished);

// How many of the verdicts this one outweighs, itself included.
int64_t gravity(Verdict verdict) {
  int64_t outweighed = 0;
  for (Verdict other : kVerdicts) outweighed += gravest(verdict, other) == verdict;
  return outweighed;
}

}  // namespace

void make_lookups(broker::Database& database) {
  database.execute(kTables);
  Statement state(database, "INSERT INTO temp.states VALUES (?, ?)");
  for (State one : kStates) state.bind(one, to_string(one)).run();
  Statement kind(database, "INSERT INTO temp.kinds VALUES (?, ?)");
  for (int one = kFirstKind; one <= kLastKind; ++one)
    kind.bind(one, wire::to_string(static_cast<wire::EventKind>(one))).run();
  Statement outcome(database, "INSERT INTO temp.outcomes VALUES (?, ?, ?)");
  for (Outcome one : kOutcomes) outcome.bind(one, to_string(one), verdict_of(one)).run();
  Statement verdict(database, "INSERT INTO temp.verdicts VALUES (?, ?, ?)");
  for (Verdict one : kVerdicts) verdict.bind(one, to_string(one), gravity(one)).run();
  Statement(database, "INSERT INTO temp.limits VALUES (?, ?)")
      .bind(limits::kLosses, limits::kFailures)
      .run();
}

void make_older_tables_present(broker::Database& database, int64_t version) {
  if (version <= 2) database.execute(kSinceVersion2);
  if (version <= 3) database.execute(kSinceVersion3);
}

}  // namespace seaworthy::fsck
