#include "broker/journal/tables.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "broker/journal/reads.h"
#include "broker/journal/schema.h"
#include "broker/journal/specifications.h"
#include "tests/broker/stored_broker.h"

using namespace seaworthy;
using namespace seaworthy::broker;

TEST_CASE("a restart finds the queue, the leases and the outcomes as they were") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {2, 1}, {a_job("lint"), a_job("test", {"lint"})}));
    wire::Hello hello;
    hello.worker = "amy";
    hello.boot = boot(1);
    broker.say(1, hello);
    broker.say(1, wire::Ready{boot(1), 1});
    broker.say(1, wire::Output{boot(1), {3}, {1}, 0}, 42);
  }
  StoredBroker broker(store_in(folder));
  CHECK(broker.core().epoch() == Epoch{2});
  const Ledger& ledger = broker.core().ledger();
  CHECK(ledger.running_count() == 1);
  CHECK(ledger.unfinished_count() == 4);
  CHECK(ledger.ready().size() == 1);
  CHECK(ledger.find_job({3})->past().output_bytes == 42);
  CHECK(ledger.find_job({3})->past().worker == "amy");

  wire::Hello hello;
  hello.worker = "amy";
  hello.boot = boot(1);
  hello.held = {{JobId{3}, AttemptNumber{1}, false}};
  auto answers = broker.say(1, hello);
  auto welcome = std::get<wire::Welcome>(answers.at(0).message);
  REQUIRE(welcome.keep.size() == 1);
  CHECK(welcome.keep[0].output_offset == 42);
}

TEST_CASE("a restart remembers what was submitted, by revision and by request") {
  Folder folder;
  wire::Submit again = a_submit(2, {1});
  again.again = true;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1}));
    broker.say(9, again);
    broker.say(9, wire::Cancel{{1}, {}, ""});
    broker.say(9, wire::Cancel{{2}, {}, ""});
  }
  StoredBroker broker(store_in(folder));
  auto by_revision = std::get<wire::SubmitOk>(broker.say(9, a_submit(3, {1})).at(0).message);
  CHECK(by_revision.builds[0].build == BuildId{1});
  CHECK(by_revision.builds[0].duplicate);
  auto by_request = std::get<wire::SubmitOk>(broker.say(9, again).at(0).message);
  CHECK(by_request.builds[0].build == BuildId{2});
}

TEST_CASE("a restart keeps labels, priorities, turns and concurrency groups") {
  Folder folder;
  JobSpec special = a_job("special"), urgent = a_job("urgent");
  special.runs_on = {"gpu", "linux"};
  urgent.priority = Priority::High;
  wire::Hello hello;
  hello.worker = "amy";
  hello.boot = boot(1);
  {
    StoredBroker broker(store_in(folder));
    wire::Submit first = a_submit(1, {1}, {a_job("plain"), special, urgent});
    first.pipelines[0].concurrency = Concurrency{"deploy", false};
    broker.say(9, first);
    wire::Submit second = a_submit(2, {2});
    second.pipelines[0].concurrency = Concurrency{"", true};
    broker.say(9, second);
    wire::Submit third = a_submit(3, {3});
    third.pipelines[0].concurrency = Concurrency{"deploy", false};
    broker.say(9, third);
    broker.say(9, wire::Cancel{{2}, {}, ""});
    broker.say(1, hello);
    broker.say(1, wire::Ready{boot(1), 1});
    CHECK(broker.core().ledger().find_job({3})->state == State::Running);
  }
  StoredBroker broker(store_in(folder));
  CHECK(broker.core().why_waiting({5}) == "build 1 has the concurrency group deploy");
  CHECK(broker.core().why_waiting({2}).find("has the labels gpu, linux") != std::string::npos);
  CHECK(broker.core().demand({}) == 1);
  CHECK(broker.core().demand({"gpu", "linux"}) == 2);
  CHECK(broker.core().ledger().find_job({3})->priority == Priority::High);
  hello.held = {{JobId{3}, AttemptNumber{1}, false}};
  broker.say(1, hello);
  wire::Submit elsewhere = a_submit(4, {4});
  elsewhere.repository = "/srv/other";
  broker.say(9, elsewhere);
  hello = {};
  hello.worker = "bob";
  hello.boot = boot(2);
  broker.say(2, hello);
  auto assigned = broker.say(2, wire::Ready{boot(2), 1});
  CHECK(std::get<wire::Assign>(assigned.at(0).message).repository == "/srv/other");
  const auto detail = Reads(store_in(folder)).show_build({{1}, {}, false});
  REQUIRE(detail->concurrency);
  CHECK(detail->concurrency->group == "deploy");
}

TEST_CASE("the rest of a push that comes after a restart is not newer than its tip") {
  Folder folder;
  wire::Submit tip = a_submit(1, {3}), rest = a_submit(2, {2});
  tip.pipelines[0].concurrency = rest.pipelines[0].concurrency = Concurrency{"", true};
  rest.tip = revision(3);
  rest.revisions[0].depth = 1;
  StoredBroker(store_in(folder)).say(9, tip);
  SECTION("while the tip waits") {}
  SECTION("when it has its verdict") {
    StoredBroker(store_in(folder)).say(9, wire::Cancel{{1}, {}, ""});
  }
  StoredBroker broker(store_in(folder));
  broker.say(9, rest);
  Reads reads(store_in(folder));
  CHECK(reads.show_build({{2}, {}, false})->build.verdict == Verdict::Cancelled);
}

TEST_CASE("a store of version 2 becomes one of the present version, with all that was in it") {
  Folder folder;
  std::ifstream dump(std::string(SEAWORTHY_TEST_DATA) + "/store_v2.sql");
  const std::string sql{std::istreambuf_iterator<char>(dump), {}};
  REQUIRE(sql.size() > 5'000);
  Database(store_in(folder), OpenMode::ReadWrite).execute(sql.c_str());
  StoredBroker broker(store_in(folder));
  const Ledger& ledger = broker.core().ledger();
  CHECK(broker.core().epoch() == Epoch{2});
  CHECK(ledger.last_build() == BuildId{6});
  CHECK(ledger.last_job() == JobId{11});
  CHECK(ledger.ready().size() == 4);
  CHECK(ledger.running_count() == 1);
  for (const auto& [id, job] : ledger.jobs()) {
    CHECK(job.labels == kNoLabels);
    CHECK(job.priority == Priority::Normal);
    CHECK(ledger.group_of(*ledger.find_build(job.build)) == nullptr);
  }
  CHECK(Specifications(store_in(folder)).of({5}).name == "lint");
  wire::Submit more = a_submit(99, {99});
  more.pipelines[0].concurrency = Concurrency{"deploy", true};
  more.pipelines[0].jobs[0].runs_on = {"gpu"};
  broker.say(9, more);
  CHECK(Reads(store_in(folder)).show_build({{7}, {}, false})->concurrency.has_value());
  CHECK(ledger.paused().empty());
  CHECK(present_version() == 5);
}

TEST_CASE("a restart keeps a repository paused, and forgets it when it is not any more") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1}));
    broker.say(9, wire::PauseRepository{"/srv/project", true});
  }
  {
    StoredBroker broker(store_in(folder));
    CHECK(broker.core().ledger().is_paused("/srv/project"));
    CHECK(broker.core().ledger().ready().empty());
    broker.say(9, wire::PauseRepository{"/srv/project", false});
    CHECK(broker.core().ledger().ready().size() == 1);
  }
  CHECK_FALSE(StoredBroker(store_in(folder)).core().ledger().is_paused("/srv/project"));
}

TEST_CASE("a store in which two builds of a group run beside each other is refused by name") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1}));
    broker.say(9, a_submit(2, {2}));
  }
  Database(store_in(folder), OpenMode::ReadWrite)
      .execute("UPDATE build SET state = 2, concurrency_group = 'deploy'");
  try {
    StoredBroker broker(store_in(folder));
    FAIL("it was used");
  } catch (const StoreError& error) {
    CHECK(std::string(error.what()).find("build 2 is running beside build 1") != std::string::npos);
  }
}

TEST_CASE("a restart keeps a half-finished build's verdict so far") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1}, {a_job("a"), a_job("b")}));
    broker.say(9, wire::Cancel{{}, {1}, "not this one"});
  }
  StoredBroker broker(store_in(folder));
  broker.say(9, wire::Cancel{{}, {2}, ""});
  Reads reads(store_in(folder));
  CHECK(reads.show_build({{1}, {}, false})->build.verdict == Verdict::Cancelled);
}

TEST_CASE("the store tells the story of a build: jobs, attempts, steps and timeline") {
  Folder folder;
  StoredBroker broker(store_in(folder));
  broker.say(9, a_submit(1, {1}));
  wire::Hello hello;
  hello.worker = "amy";
  hello.boot = boot(1);
  broker.say(1, hello);
  broker.say(1, wire::Ready{boot(1), 1});
  wire::AttemptFinished finished;
  finished.boot = boot(1);
  finished.job = {1};
  finished.attempt = {1};
  finished.outcome = Outcome::Failed;
  finished.detail = "step 1 exited with 3";
  finished.steps = {{"test", 3, 17}};
  broker.say(1, finished);

  Reads reads(store_in(folder));
  auto detail = reads.show_build({{1}, {}, false});
  REQUIRE(detail);
  CHECK(detail->build.verdict == Verdict::Failed);
  REQUIRE(detail->jobs.at(0).attempts.size() == 1);
  CHECK(detail->jobs[0].attempts[0].detail == "step 1 exited with 3");
  CHECK(detail->jobs[0].attempts[0].steps.at(0).exit_code == 3);
  std::vector<wire::EventKind> kinds;
  for (const wire::EventRow& event : detail->timeline) kinds.push_back(event.kind);
  CHECK(kinds == std::vector{wire::EventKind::BuildSubmitted, wire::EventKind::AttemptAssigned,
                             wire::EventKind::AttemptFinished, wire::EventKind::JobFinished,
                             wire::EventKind::BuildFinished});
}

TEST_CASE("builds are listed newest first, by repository and by the beginning of a revision") {
  Folder folder;
  StoredBroker broker(store_in(folder));
  broker.say(9, a_submit(1, {3, 2, 1}));
  wire::Submit other = a_submit(2, {77});
  other.repository = "/srv/other";
  broker.say(9, other);
  Reads reads(store_in(folder));
  auto all = reads.list_builds({});
  REQUIRE(all.builds.size() == 4);
  CHECK(all.builds[0].repository == "/srv/other");
  CHECK(all.builds[1].revision == revision(3));
  CHECK(all.builds[3].revision == revision(1));
  wire::ListBuilds query;
  query.repository = "/srv/project";
  query.limit = 2;
  CHECK(reads.list_builds(query).builds.size() == 2);
  query = {};
  query.revision = revision(77).substr(0, 39);
  CHECK(reads.list_builds(query).builds.size() == 1);
}

TEST_CASE("heads are remembered, moved and forgotten") {
  Folder folder;
  StoredBroker broker(store_in(folder));
  broker.say(9, wire::AdvanceHead{"/srv/project", "refs/heads/main", revision(1)});
  broker.say(9, wire::AdvanceHead{"/srv/project", "refs/heads/main", revision(2)});
  broker.say(9, wire::AdvanceHead{"/srv/project", "refs/heads/gone", revision(1)});
  broker.say(9, wire::AdvanceHead{"/srv/project", "refs/heads/gone", ""});
  Reads reads(store_in(folder));
  auto heads = reads.list_heads({"/srv/project", ""}).heads;
  REQUIRE(heads.size() == 1);
  CHECK(heads[0].revision == revision(2));
}

TEST_CASE("a cursor is remembered over a restart, and one that was never saved is none") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1, 2}));
    broker.say(9, wire::SaveCursor{"news/mail", {1}});
    broker.say(9, wire::SaveCursor{"news/mail", {2}});
    broker.say(9, wire::SaveCursor{"news/chat", {1}});
  }
  const Recovered recovered = Tables(store_in(folder)).recover();
  CHECK(recovered.cursors == std::map<std::string, EventSequence>{{"news/chat", EventSequence{1}},
                                                                  {"news/mail", EventSequence{2}}});
}

TEST_CASE("more heads than fit one answer are listed in parts, none twice and none left out") {
  Folder folder;
  StoredBroker broker(store_in(folder));
  for (int i = 1; i <= 1'500; ++i)
    broker.say(9,
               wire::AdvanceHead{"/srv/project", "refs/heads/branch-" + revision(i), revision(i)});
  Reads reads(store_in(folder));
  wire::ListHeads query{"/srv/project", ""};
  size_t parts = 0, count = 0;
  for (bool more = true; more; ++parts) {
    const wire::HeadList list = reads.list_heads(query);
    REQUIRE_FALSE(list.heads.empty());
    CHECK(list.heads.front().ref > query.after);
    count += list.heads.size();
    query.after = list.heads.back().ref;
    more = list.more;
  }
  CHECK(count == 1'500);
  CHECK(parts > 1);
}

TEST_CASE("a store whose rows no broker can have written is refused by what is wrong with them") {
  Folder folder;
  {
    StoredBroker broker(store_in(folder));
    broker.say(9, a_submit(1, {1}, {a_job("a"), a_job("b", {"a"})}));
    broker.say(9, a_submit(2, {2}));
    wire::Hello hello;
    hello.worker = "amy";
    hello.boot = boot(1);
    broker.say(1, hello);
    broker.say(1, wire::Ready{boot(1), 1});
  }
  const auto [change, complaint] = GENERATE(table<const char*, const char*>(
      {{"UPDATE job SET state = 7 WHERE id = 1", "job 1 has the impossible state 7"},
       {"UPDATE job SET state = 3 WHERE id = 1", "job 1 has the impossible verdict NULL"},
       {"UPDATE job SET state = 2 WHERE id = 1", "job 1 is running without an attempt"},
       {"UPDATE job SET attempt = -1 WHERE id = 3", "job 3 has the impossible attempt -1"},
       {"UPDATE job SET needs = '1 x' WHERE id = 2", "job 2 needs something that is no number"},
       {"UPDATE job SET needs = '3' WHERE id = 2", "job 2 needs job 3, which is not of its build"},
       {"UPDATE job SET build = 2 WHERE build = 1", "build 1 has neither a verdict nor a job"},
       {"UPDATE job SET build = 9 WHERE id = 3", "build 2 has neither a verdict nor a job"},
       {"UPDATE job SET id = 7 WHERE id = 2", "job 7 does not follow the other jobs of its build"},
       {"DELETE FROM attempt", "job 3 has the impossible size of its latest attempt's output NULL"},
       {"DELETE FROM repository", "build 1 has no verdict, and its repository is missing"},
       {"UPDATE build SET state = 0 WHERE id = 1", "build 1 has the impossible state 0"},
       {"UPDATE build SET rank = -5 WHERE id = 1", "build 1 has the impossible rank -5"},
       {"UPDATE event SET sequence = 9223372036854775807 WHERE sequence = 1",
        "table event has the impossible sequence"}}));
  CAPTURE(change);
  Database(store_in(folder), OpenMode::ReadWrite).execute(change);
  std::string said;
  try {
    StoredBroker broker(store_in(folder));
  } catch (const StoreError& error) {
    said = error.what();
  }
  CAPTURE(said);
  CHECK(said.find(complaint) != std::string::npos);
}

TEST_CASE("a verdict that there is not is no answer") {
  Folder folder;
  StoredBroker broker(store_in(folder));
  broker.say(9, a_submit(1, {1}));
  Database(store_in(folder), OpenMode::ReadWrite).execute("UPDATE build SET verdict = 9");
  Reads reads(store_in(folder));
  CHECK_THROWS_AS(reads.list_builds({}), StoreError);
}

TEST_CASE("a store of a newer program is refused by name") {
  Folder folder;
  {
    Database database(store_in(folder), OpenMode::ReadWrite);
    database.execute("PRAGMA user_version = 99");
  }
  CHECK_THROWS_AS(Tables(store_in(folder)), StoreError);
}
