// A store with a normal life passes; and for each check there is one way to damage a store that
// this check finds, and no other.
#include "broker/fsck/fsck.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "broker/fsck/print.h"
#include "broker/fsck/sha256.h"
#include "broker/journal/journal.h"
#include "broker/outputs.h"
#include "tests/broker/broker_fixture.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

namespace fs = std::filesystem;

std::string long_output() {
  std::string text;
  for (int i = 0; text.size() < 1'500'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

std::string sha256_of(const std::string& text) {
  fsck::Sha256 sha;
  sha.add(text);
  return sha.hex();
}

// The real core, journal and output files, driven as the loop would.
class Life {
 public:
  explicit Life(const fs::path& state)
      : output_(state / "output"),
        journal_(state / "seaworthy.db"),
        core_({Timing{}, 1'000'000}, journal_.recover(), Instant{}),
        writer_(output_) {}

  void say(PeerNumber peer, const wire::Message& message, const std::string& blob = {}) {
    keep(core_.step(moment(), MessageReceived{peer, 1, &message, blob.size()}), blob);
  }
  void pass(Duration time) {
    now_ = now_ + time;
    keep(core_.step(moment(), Tick{}), {});
  }
  void hello(PeerNumber peer, const std::string& worker, uint8_t life,
             std::vector<wire::HeldAttempt> held = {}) {
    wire::Hello hello;
    hello.worker = worker;
    hello.boot = boot(life);
    hello.held = std::move(held);
    say(peer, hello);
  }
  // Takes the next job; its number.
  JobId take(PeerNumber peer, uint8_t life) {
    assigned_ = {};
    say(peer, wire::Ready{boot(life), 1});
    REQUIRE(assigned_.job);
    say(peer, wire::Accept{boot(life), assigned_.job, assigned_.attempt});
    return assigned_.job;
  }
  void write(PeerNumber peer, uint8_t life, const std::string& text) {
    const AttemptKey key = assigned_;
    for (size_t at = 0; at < text.size(); at += 60'000)
      say(peer, wire::Output{boot(life), key.job, key.attempt, at}, text.substr(at, 60'000));
  }
  void finish(PeerNumber peer, uint8_t life, Outcome outcome, const std::string& output = {}) {
    write(peer, life, output);
    wire::AttemptFinished finished;
    finished.boot = boot(life);
    finished.job = assigned_.job;
    finished.attempt = assigned_.attempt;
    finished.outcome = outcome;
    finished.steps = {{"test", outcome == Outcome::Passed ? 0 : 1, 17}};
    finished.output_bytes = output.size();
    if (!output.empty()) finished.output_sha256 = sha256_of(output);
    say(peer, finished);
    writer_.sync();
    writer_.close(assigned_);
    compress_output(output_, assigned_, output.size());
  }
  AttemptKey assigned() const { return assigned_; }

 private:
  Moment moment() const { return {now_, UnixMillis{1'000'000 + now_.since_start.count()}}; }
  void keep(const Effects& effects, const std::string& blob) {
    for (const Change& change : effects.changes)
      if (const auto* stored = std::get_if<OutputStored>(&change.body))
        writer_.write({stored->job, stored->attempt}, stored->offset,
                      std::string_view(blob).substr(stored->skip, stored->size));
    writer_.sync();
    journal_.commit(effects.changes);
    for (const Outgoing& out : effects.messages)
      if (const auto* assign = std::get_if<wire::Assign>(&out.message))
        assigned_ = {assign->job, assign->attempt};
  }

  fs::path output_;
  Journal journal_;
  Core core_;
  OutputWriter writer_;
  Instant now_{};
  AttemptKey assigned_;
};

constexpr PeerNumber kClient = 9, kAmy = 1, kBob = 2;

// Ten builds to which everything has happened that happens: the numbers are used below.
void live(const fs::path& state) {
  Life life(state);
  life.say(kClient, wire::AdvanceHead{"/srv/project", "refs/heads/main", revision(1)});
  life.hello(kAmy, "amy", 1);
  life.hello(kBob, "bob", 2);

  life.say(kClient, a_submit(1, {1}, {a_job("build"), a_job("test", {"build"})}));
  REQUIRE(life.take(kAmy, 1) == JobId{1});  // build 1: passes, with output of both kinds
  life.finish(kAmy, 1, Outcome::Passed, "short\n");
  REQUIRE(life.take(kAmy, 1) == JobId{2});
  life.finish(kAmy, 1, Outcome::Passed, long_output());

  life.say(kClient, a_submit(2, {2}, {a_job("build"), a_job("test", {"build"})}));
  REQUIRE(life.take(kAmy, 1) == JobId{3});  // build 2: fails, so job 4 is skipped
  life.finish(kAmy, 1, Outcome::Failed, long_output());

  life.say(kClient, a_submit(3, {3}));
  REQUIRE(life.take(kAmy, 1) == JobId{5});  // build 3: lost, adopted, and passed
  life.pass(Timing{}.lease + Timing{}.grace + Duration{1'000});
  life.hello(kAmy, "amy", 1, {{JobId{5}, AttemptNumber{1}, false}});
  life.finish(kAmy, 1, Outcome::Passed, "it was slow\n");

  life.say(kClient, a_submit(4, {4}));
  life.hello(kBob, "bob", 2);
  for (int i = 0; i < 3; ++i) {  // build 4: inconclusive, it cannot be run
    REQUIRE(life.take(kBob, 2) == JobId{6});
    life.finish(kBob, 2, Outcome::Broken);
    life.pass(Duration{30'000});
    life.hello(kBob, "bob", 2);
  }

  life.say(kClient, a_submit(5, {5}));
  REQUIRE(life.take(kBob, 2) == JobId{7});  // build 5: cancelled while it runs
  life.say(kClient, wire::Cancel{{5}, {}, "never mind"});
  life.finish(kBob, 2, Outcome::Cancelled, "half of");

  wire::Submit decided = a_submit(6, {6});
  decided.pipelines = {{{}, Decided{Verdict::Failed, "line 3 is wrong"}}};
  life.say(kClient, decided);  // build 6, job 8
  wire::Submit again = a_submit(7, {1});
  again.again = true;
  life.say(kClient, again);  // build 7, job 9: given back once, then lost with its worker
  REQUIRE(life.take(kBob, 2) == JobId{9});
  life.say(kBob, wire::Decline{boot(2), {9}, {1}, "no disk"});
  REQUIRE(life.take(kBob, 2) == JobId{9});
  life.write(kBob, 2, "first words");
  life.hello(kBob, "bob", 3);
  REQUIRE(life.take(kBob, 3) == JobId{9});
  life.finish(kBob, 3, Outcome::TimedOut, "too slow\n");

  life.say(kClient, a_submit(8, {8}));  // build 8, job 10: runs
  REQUIRE(life.take(kBob, 3) == JobId{10});
  life.write(kBob, 3, "so far\n");
  life.say(kClient, a_submit(9, {9}, {a_job("a"), a_job("b", {"a"})}));  // build 9: job 11 is back
  life.hello(kAmy, "amy", 1);
  REQUIRE(life.take(kAmy, 1) == JobId{11});
  life.say(kAmy, wire::Goodbye{boot(1), "off"});
  life.say(kClient, a_submit(10, {10}, {a_job("a"), a_job("b", {"a"})}));  // build 10: waits
}

class Store {
 public:
  Store() { live(folder_.path()); }

  fs::path path() const { return folder_.path(); }
  fs::path file(const std::string& name) const { return path() / "output" / name; }
  void execute(const std::string& sql) {
    Database database(path() / "seaworthy.db", OpenMode::ReadWrite);
    database.execute(sql.c_str());
  }
  Result<fsck::Report> look() const {
    auto place = fsck::find_store(path(), {});
    REQUIRE(place);
    return fsck::look_at_store(*place);
  }
  // Names of the checks that found something.
  std::set<std::string> found() const {
    auto report = look();
    REQUIRE(report);
    INFO(fsck::as_text(*report));
    CHECK(report->not_looked.empty());
    std::set<std::string> names;
    for (const fsck::Findings& one : report->findings) names.insert(one.check->name);
    return names;
  }

 private:
  Folder folder_;
};

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

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
    {"epoch", "UPDATE meta SET value = 0 WHERE key = 'epoch'"},
    {"values", "UPDATE request SET id = x'00' WHERE first_build = 1"},
    {"specifications", "UPDATE specification SET digest = zeroblob(32) WHERE id = 1"},
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
  CHECK(report->checked.builds == 10);
  CHECK(report->checked.jobs == 14);
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
