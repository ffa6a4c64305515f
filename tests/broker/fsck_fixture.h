// A store that has lived: the real core, tables and output files, driven as the broker's loop
// would, through everything that normally happens; and copies of it that a test may damage.
#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "broker/fsck/fsck.h"
#include "broker/fsck/print.h"
#include "broker/fsck/sha256.h"
#include "broker/journal/tables.h"
#include "broker/outputs.h"
#include "shared/wire/packed_tests.h"
#include "tests/broker/broker_fixture.h"
#include "tests/support/folder.h"

namespace seaworthy::broker {

namespace fs = std::filesystem;

inline std::string long_output() {
  std::string text;
  for (int i = 0; text.size() < 1'500'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

inline std::string sha256_of(const std::string& text) {
  fsck::Sha256 sha;
  sha.add(text);
  return sha.hex();
}

// The real core, tables and output files, driven as the loop would.
class Life {
 public:
  static constexpr Duration kPatience{1'000};  // with a job that no worker could run

  explicit Life(const fs::path& state)
      : output_(state / "output"),
        tables_(state / "seaworthy.db"),
        core_({Timing{}, 1'000'000, kPatience}, tables_.recover(), Instant{}),
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
    if (outcome == Outcome::Failed)
      finished.tests.data =
          wire::pack_tests({{{"suite", "it works", TestVerdict::Failed}}, {2, 1, 0, 0}});
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
                      std::string_view(blob).substr(stored->skip, stored->size),
                      {{stored->offset, 1'000}});
    writer_.sync();
    tables_.file({std::make_shared<const std::vector<Change>>(effects.changes)},
                 tables_.filed() + 1, Durability::Later);
    for (const Outgoing& out : effects.messages)
      if (const auto* assign = std::get_if<wire::Assign>(&out.message))
        assigned_ = {assign->job, assign->attempt};
  }

  fs::path output_;
  Tables tables_;
  Core core_;
  OutputWriter writer_;
  Instant now_{};
  AttemptKey assigned_;
};

inline constexpr PeerNumber kClient = 9, kAmy = 1, kBob = 2;

// Eleven builds to which everything has happened that happens: the numbers are used below.
inline void live(const fs::path& state) {
  Life life(state);
  life.say(kClient, wire::AdvanceHead{"/srv/project", "refs/heads/main", revision(1)});
  life.hello(kAmy, "amy", 1);
  life.hello(kBob, "bob", 2);

  life.say(kClient, a_submit(1, {1}, {a_job("build"), a_job("test", {"build"})}));
  life.say(kClient, wire::SaveCursor{"mail", {1}});
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
  life.pass(limits::kDeclinedPause);
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
  wire::Submit special = a_submit(11, {11});
  special.pipelines[0].jobs[0].runs_on = {"gpu", "linux"};
  special.pipelines[0].concurrency = Concurrency{"deploy", true};
  life.say(kClient, special);  // build 11, job 15: no worker could run it
  life.pass(Life::kPatience);
}

// A copy of a store that has lived.
class Store {
 public:
  Store() {
    static const Lived lived;
    fs::copy(lived.folder.path(), folder_.path(), fs::copy_options::recursive);
  }

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
  struct Lived {
    Lived() { live(folder.path()); }
    Folder folder;
  };
  Folder folder_;
};

inline std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void overwrite(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace seaworthy::broker
