#include "broker/journal/schema.h"

#include <array>
#include <string>

namespace seaworthy::broker {
namespace {

// Step N brings version N to N + 1. A step that has been released is never edited: a new one is
// added.
constexpr std::array<const char*, 5> kSteps{R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0);

CREATE TABLE repository (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- What jobs are told to do, as in the message Assign; equal ones are kept once.
CREATE TABLE specification (
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, body BLOB NOT NULL
) STRICT;

CREATE TABLE build (
  id INTEGER PRIMARY KEY,
  rank INTEGER NOT NULL,           -- greater is newer
  repository INTEGER NOT NULL REFERENCES repository,
  ref TEXT NOT NULL,
  revision TEXT NOT NULL,
  subject TEXT NOT NULL,
  author TEXT NOT NULL,
  again INTEGER NOT NULL,          -- 1: asked for by a person although the revision had a build
  state INTEGER NOT NULL,          -- 1 queued, 2 running, 3 finished
  verdict INTEGER,
  submitted_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL DEFAULT 0,
  finished_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX build_by_rank ON build (rank, id);
CREATE INDEX build_by_repository ON build (repository, rank, id);
CREATE INDEX build_by_revision ON build (revision);
CREATE INDEX build_unfinished ON build (id) WHERE state < 3;

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  build INTEGER NOT NULL REFERENCES build,
  name TEXT NOT NULL,
  specification INTEGER NOT NULL REFERENCES specification,
  needs TEXT NOT NULL,             -- ids of jobs, separated by spaces
  state INTEGER NOT NULL DEFAULT 1,
  attempt INTEGER NOT NULL DEFAULT 0,  -- the latest
  worker TEXT NOT NULL DEFAULT '', -- who holds it, or held it when it was lost
  boot BLOB,
  losses INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  verdict INTEGER,
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX job_by_build ON job (build);

CREATE TABLE attempt (
  job INTEGER NOT NULL REFERENCES job,
  number INTEGER NOT NULL,
  worker TEXT NOT NULL,
  boot BLOB NOT NULL,
  assigned_ms INTEGER NOT NULL,
  outcome INTEGER,
  detail TEXT NOT NULL DEFAULT '',
  steps BLOB,                      -- as in the message AttemptFinished
  first_output_ms INTEGER NOT NULL DEFAULT 0,
  finished_ms INTEGER NOT NULL DEFAULT 0,
  output_bytes INTEGER NOT NULL DEFAULT 0,  -- durable in the output file
  output_sha256 TEXT NOT NULL DEFAULT '',
  output_truncated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

-- Append-only: what happened, in order, without gaps.
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  build INTEGER NOT NULL,
  job INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  worker TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_build ON event (build, sequence);

-- Requests that were answered, so that a repetition gets the same answer.
CREATE TABLE request (id BLOB PRIMARY KEY, digest INTEGER NOT NULL, first_build INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;

-- Up to where each ref has been submitted.
CREATE TABLE head (
  repository INTEGER NOT NULL REFERENCES repository, ref TEXT NOT NULL, revision TEXT NOT NULL,
  PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;
)sql",
                                            R"sql(
-- Builds may be removed: the highest numbers that were ever given, and how many are gone.
INSERT INTO meta VALUES ('last_sequence', 0), ('last_build', 0), ('last_job', 0), ('last_rank', 0),
                        ('removed_builds', 0);
CREATE INDEX request_by_build ON request (first_build);
CREATE INDEX build_by_end ON build (finished_ms) WHERE state = 3;
)sql",
                                            R"sql(
-- The concurrency group of the repository that a build is in, '': none; and 1: it ends the older
-- builds of it.
ALTER TABLE build ADD COLUMN concurrency_group TEXT NOT NULL DEFAULT '';
ALTER TABLE build ADD COLUMN ends_older INTEGER NOT NULL DEFAULT 0;
CREATE INDEX build_that_ends_older ON build (repository, concurrency_group, rank)
  WHERE ends_older = 1;
-- As in the body, for who schedules it: labels, a line each, sorted; 1 low, 2 normal, 3 high.
ALTER TABLE specification ADD COLUMN runs_on TEXT NOT NULL DEFAULT '';
ALTER TABLE specification ADD COLUMN priority INTEGER NOT NULL DEFAULT 2;
)sql",
                                            R"sql(
-- Up to which event each follower that wants to remember it has come.
CREATE TABLE cursor (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- What the tests of an attempt said. Counts are of all, `listed` of those that are in the body.
CREATE TABLE test_report (
  job INTEGER NOT NULL REFERENCES job,
  attempt INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  listed INTEGER NOT NULL,
  notes TEXT NOT NULL,             -- a line each
  body BLOB NOT NULL,              -- as in the message AttemptFinished
  PRIMARY KEY (job, attempt)
) STRICT;
-- For the history of a branch.
CREATE INDEX build_by_ref ON build (repository, ref, rank, id);
-- Repositories whose jobs wait because a person wants it so.
CREATE TABLE paused (repository INTEGER PRIMARY KEY REFERENCES repository) STRICT;
)sql",
                                            R"sql(
-- Up to which record of the log (broker/change_log.h) its changes are in these tables.
INSERT INTO meta VALUES ('filed', 0);
)sql"};

int64_t version_of(Database& database) {
  Statement statement(database, "PRAGMA user_version");
  statement.next();
  return statement.integer(0);
}

}  // namespace

int64_t present_version() { return static_cast<int64_t>(kSteps.size()); }

void prepare_store(Database& database) {
  database.execute("PRAGMA journal_mode = WAL");
  database.execute("PRAGMA synchronous = FULL");
  int64_t version = version_of(database);
  if (version > static_cast<int64_t>(kSteps.size()))
    throw StoreError("cannot use the store: it has version " + std::to_string(version) +
                     ", this program knows up to " + std::to_string(kSteps.size()) +
                     ": run a newer seaworthy-broker");
  for (; version < static_cast<int64_t>(kSteps.size()); ++version) {
    database.execute("BEGIN IMMEDIATE");
    database.execute(kSteps[static_cast<size_t>(version)]);
    database.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
    database.execute("COMMIT");
  }
}

}  // namespace seaworthy::broker
