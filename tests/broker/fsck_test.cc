// A store with a normal life passes; and for each check there is one way to damage a store that
// this check finds, and no other.
#include <functional>
#include <map>
#include <set>

#include "tests/broker/fsck_fixture.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

// Turns two events around.
std::string swap_events(const std::string& first, const std::string& second) {
  return "CREATE TEMP TABLE two AS SELECT (SELECT sequence FROM event WHERE " + first +
         ") AS a, (SELECT sequence FROM event WHERE " + second +
         ") AS b; UPDATE event SET sequence = -1 WHERE sequence = (SELECT a FROM two);"
         "UPDATE event SET sequence = (SELECT a FROM two) WHERE sequence = (SELECT b FROM two);"
         "UPDATE event SET sequence = (SELECT b FROM two) WHERE sequence = -1";
}

const std::map<std::string, std::string> kDamageBySql{
    {"schema", "DROP INDEX build_by_revision"},
    {"integrity",
     "CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'build_by_rank';"
     "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'build_by_rank';"
     "PRAGMA writable_schema = RESET; UPDATE build SET rank = rank + 1 WHERE id = 3;"
     "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM hidden;"},
    {"references", "UPDATE head SET repository = 4711"},
    {"cursors", "UPDATE cursor SET sequence = 4711"},
    {"epoch", "UPDATE meta SET value = 0 WHERE key = 'epoch'"},
    {"values", "UPDATE request SET id = x'00' WHERE first_build = 1"},
    {"specifications", "UPDATE specification SET digest = zeroblob(32) WHERE id = 1"},
    {"schedule", "UPDATE specification SET priority = 3 WHERE runs_on <> ''"},
    {"group-holder", "UPDATE build SET concurrency_group = 'release' WHERE id IN (8, 9)"},
    {"group-ended",
     "UPDATE build SET concurrency_group = 'pr', ends_older = (id = 10) WHERE id IN (9, 10)"},
    {"unmatched", "UPDATE job SET note = 'who knows' WHERE id = 15"},
    {"steps", "UPDATE attempt SET steps = x'ff00ff' WHERE job = 1"},
    {"numbers",
     "UPDATE job SET needs = '4711' WHERE id = 14; UPDATE job SET id = 4711 WHERE id = 13"},
    {"one-per-revision", "UPDATE build SET again = 0 WHERE id = 7"},
    {"requests", "UPDATE request SET first_build = 4711 WHERE first_build = 3"},
    {"build-state", "UPDATE build SET finished_ms = 0 WHERE id = 3"},
    {"build-started", "UPDATE build SET started_ms = 0 WHERE id = 3"},
    {"build-verdict",
     "UPDATE build SET verdict = 1 WHERE id = 2; UPDATE event SET detail = "
     "'passed' WHERE build = 2 AND kind = 11"},
    {"build-begins", swap_events("build = 1 AND kind = 1", "job = 1 AND kind = 2")},
    {"build-ends", "UPDATE event SET detail = 'failed' WHERE build = 3 AND kind = 11"},
    {"job-names", "UPDATE job SET name = 'a' WHERE id = 14"},
    {"needs", "UPDATE job SET needs = '1' WHERE id = 14"},
    {"needs-passed", "UPDATE job SET needs = '' WHERE id = 4"},
    {"running-job", "UPDATE job SET worker = 'eve' WHERE id = 10"},
    {"open-attempt",
     "UPDATE attempt SET outcome = NULL, finished_ms = 0 WHERE job = 11;"
     "UPDATE event SET kind = 3 WHERE job = 11 AND kind = 4"},
    {"job-state", "UPDATE job SET verdict = NULL WHERE id = 4"},
    {"job-ends", "UPDATE event SET detail = 'failed' WHERE job = 5 AND kind = 10"},
    {"verdict-attempt", "UPDATE event SET attempt = 1 WHERE job = 9 AND kind = 10"},
    {"verdict-reported",
     "UPDATE attempt SET outcome = 2 WHERE job = 5; UPDATE event SET detail = "
     "'failed' WHERE job = 5 AND kind = 7"},
    {"counted", "UPDATE job SET losses = 2 WHERE id = 5"},
    {"budget",
     "UPDATE job SET verdict = 6 WHERE id = 3; UPDATE event SET detail = 'inconclusive' "
     "WHERE job = 3 AND kind = 10; UPDATE build SET verdict = 6 WHERE id = 2; "
     "UPDATE event SET detail = 'inconclusive' WHERE build = 2 AND kind = 11"},
    {"cancel-kept", "UPDATE job SET cancel_requested = 1 WHERE id = 10"},
    {"cancel-last", swap_events("job = 7 AND kind = 2", "job = 7 AND kind = 9")},
    {"attempt-numbers", "UPDATE job SET attempt = 2 WHERE id = 11"},
    {"attempt-assigned", "UPDATE event SET worker = 'eve' WHERE job = 5 AND kind = 2"},
    {"attempt-outcome",
     "UPDATE event SET detail = 'failed' WHERE job = 9 AND attempt = 3 AND "
     "kind = 7"},
    {"test-report-attempt", "UPDATE test_report SET attempt = 7 WHERE job = 3"},
    {"test-reports", "UPDATE test_report SET failed = 4 WHERE job = 3"},
    {"event-numbers",
     "UPDATE event SET sequence = sequence + 1000 WHERE sequence = (SELECT "
     "max(sequence) FROM event)"},
    {"event-subjects", "UPDATE event SET attempt = 1 WHERE job = 7 AND kind = 9"},
    {"event-order", swap_events("job = 5 AND kind = 5", "job = 5 AND kind = 6")},
};

const std::map<std::string, std::function<void(const Store&)>> kDamageOfFiles{
    {"output-missing", [](const Store& store) { fs::remove(store.file("0/1.1.log")); }},
    {"output-short", [](const Store& store) { fs::resize_file(store.file("0/10.1.log"), 3); }},
    {"output-damaged",
     [](const Store& store) {
       fs::resize_file(store.file("0/2.1.log.zst"), fs::file_size(store.file("0/2.1.log.zst")) - 9);
     }},
    {"output-digest",
     [](const Store& store) {
       std::string bytes = bytes_of(store.file("0/1.1.log"));
       bytes[0] ^= 1;
       overwrite(store.file("0/1.1.log"), bytes);
     }},
};

}  // namespace

TEST_CASE("fsck finds nothing in a store to which everything normal has happened") {
  const Store store;
  CHECK(store.found().empty());
  auto report = store.look();
  CHECK(report->notes.empty());
  CHECK(report->checked.builds == 11);
  CHECK(report->checked.jobs == 15);
  CHECK(report->checked.attempts == 13);
  CHECK(report->checked.output_bytes > 3'000'000);
  CHECK_THAT(fsck::as_text(*report), Catch::Matchers::EndsWith("of output: nothing found\n"));
}

TEST_CASE("each damage to the database is found by the one check that is for it") {
  for (const auto& [name, sql] : kDamageBySql) {
    Store store;
    store.execute(sql);
    INFO(name << ": " << sql);
    CHECK(store.found() == std::set<std::string>{name});
  }
}

TEST_CASE("each damage to output files is found by the one check that is for it") {
  for (const auto& [name, damage] : kDamageOfFiles) {
    const Store store;
    damage(store);
    INFO(name);
    CHECK(store.found() == std::set<std::string>{name});
  }
}

TEST_CASE("there is no check that was never seen to find something") {
  std::set<std::string> all, tested;
  for (const fsck::Check* check : fsck::all_checks()) all.insert(check->name);
  for (const auto& [name, damage] : kDamageBySql) tested.insert(name);
  for (const auto& [name, damage] : kDamageOfFiles) tested.insert(name);
  CHECK(all == tested);
}
