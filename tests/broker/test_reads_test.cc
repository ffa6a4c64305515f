// Reports of tests in the store: written with the outcome, asked for by build, and by name through
// the builds before.
#include "broker/journal/test_reads.h"

#include "broker/journal/reads.h"
#include "shared/model/limits.h"
#include "shared/wire/packed_tests.h"
#include "tests/broker/stored_broker.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

TestResult a_test(const std::string& name, TestVerdict verdict) {
  return {"suite", name, verdict, 5, is_bad(verdict) ? "it is wrong" : "", ""};
}

std::string packed(std::vector<TestResult> tests) {
  TestReport report;
  for (const TestResult& test : tests) count(test.verdict, report.counts);
  report.tests = std::move(tests);
  return wire::pack_tests(report);
}

// Builds that are tried one after the other, each of one job, by one worker.
class Project {
 public:
  Project() {
    wire::Hello hello;
    hello.worker = "amy";
    hello.boot = boot(1);
    broker_.say(1, hello);
  }
  // The next revision of the branch is built, and its tests say this.
  BuildId build(const std::string& tests, const std::string& ref = "refs/heads/main") {
    ++number_;
    wire::Submit submit = a_submit(static_cast<uint8_t>(number_), {number_});
    submit.ref = ref;
    broker_.say(9, submit);
    const auto said = broker_.say(1, wire::Ready{boot(1), 1});
    const auto assign = std::get<wire::Assign>(said.at(0).message);
    broker_.say(1, wire::Accept{boot(1), assign.job, assign.attempt});
    wire::AttemptFinished finished;
    finished.boot = boot(1);
    finished.job = assign.job;
    finished.attempt = assign.attempt;
    finished.outcome = Outcome::Failed;
    finished.tests.data = tests;
    broker_.say(1, finished);
    return assign.build;
  }
  wire::TestList list(const wire::ListTests& query) {
    auto answer = TestReads(store_in(folder_)).list_tests(query);
    REQUIRE(answer);
    return *answer;
  }
  std::optional<wire::TestList> try_list(const wire::ListTests& query) {
    return TestReads(store_in(folder_)).list_tests(query);
  }
  wire::TestRuns history(const std::string& name) {
    return TestReads(store_in(folder_)).history({"/srv/project", "test", "suite", name, 50});
  }
  StoredBroker& broker() { return broker_; }
  std::filesystem::path store() const { return store_in(folder_); }

 private:
  Folder folder_;
  StoredBroker broker_{store_in(folder_)};
  int number_ = 0;
};

}  // namespace

TEST_CASE("what the tests of an attempt said is asked for by build, or by its job") {
  Project project;
  const BuildId build =
      project.build(packed({a_test("b", TestVerdict::Failed), a_test("a", TestVerdict::Passed),
                            a_test("c", TestVerdict::Skipped)}));
  const wire::TestList all = project.list({build, {}, false, 0, 500});
  CHECK(all.repository == "/srv/project");
  REQUIRE(all.jobs.size() == 1);
  CHECK(all.jobs[0].job_name == "test");
  CHECK(all.jobs[0].failed == 1);
  CHECK(all.jobs[0].passed == 1);
  CHECK(all.jobs[0].skipped == 1);
  REQUIRE(all.tests.size() == 3);
  CHECK(all.tests[0].name == "b");
  CHECK(all.tests[0].message == "it is wrong");
  CHECK(all.tests[0].failing_since == build);
  CHECK_FALSE(all.tests[1].failing_since);
  const wire::TestList failed = project.list({{}, all.jobs[0].job, true, 0, 500});
  CHECK(failed.build == build);
  CHECK(failed.tests.size() == 1);
  CHECK_FALSE(project.try_list({{4711}, {}, false, 0, 500}));
  CHECK_FALSE(project.try_list({{}, {4711}, false, 0, 500}));
}

TEST_CASE("an attempt without a report, of an older worker, has none") {
  Project project;
  const wire::TestList list = project.list({project.build(""), {}, false, 0, 500});
  CHECK(list.jobs.empty());
  CHECK(list.tests.empty());
}

TEST_CASE("a test fails since the first build of the unbroken run of failures on its branch") {
  Project project;
  const std::string good = packed({a_test("a", TestVerdict::Passed)});
  const std::string bad = packed({a_test("a", TestVerdict::Failed)});
  const std::string silent = packed({a_test("other", TestVerdict::Passed)});
  project.build(bad);
  project.build(good);
  const BuildId first = project.build(bad);
  project.build(silent);
  project.build("");
  project.build(packed({a_test("a", TestVerdict::Skipped)}));
  project.build(good, "refs/heads/topic");
  project.build(packed({a_test("a", TestVerdict::Error)}));
  const BuildId last = project.build(bad);
  const wire::TestRow row = project.list({last, {}, true, 0, 500}).tests.at(0);
  CHECK(row.failing_since == first);
  CHECK(row.failing_since_revision == revision(3));
  CHECK_FALSE(row.failing_longer);
  // Of an older build nothing that came later is known.
  CHECK(project.list({first, {}, true, 0, 500}).tests.at(0).failing_since == first);
}

TEST_CASE("how far it is looked back has an end, and that is said") {
  Project project;
  const std::string bad = packed({a_test("a", TestVerdict::Failed)});
  BuildId last;
  for (size_t i = 0; i < limits::kHistoryBuilds + 5; ++i) last = project.build(bad);
  const wire::TestRow row = project.list({last, {}, true, 0, 500}).tests.at(0);
  CHECK(row.failing_longer);
  CHECK(row.failing_since == BuildId{last.value - limits::kHistoryBuilds});
}

TEST_CASE("the history of a test has the builds that have it, newest first") {
  Project project;
  const BuildId first = project.build(packed({a_test("a", TestVerdict::Passed)}));
  project.build(packed({a_test("b", TestVerdict::Passed)}));
  const BuildId third =
      project.build(packed({a_test("a", TestVerdict::Error)}), "refs/heads/topic");
  const wire::TestRuns runs = project.history("a");
  REQUIRE(runs.runs.size() == 2);
  CHECK(runs.runs[0].build == third);
  CHECK(runs.runs[0].verdict == TestVerdict::Error);
  CHECK(runs.runs[0].ref == "refs/heads/topic");
  CHECK(runs.runs[0].message == "it is wrong");
  CHECK(runs.runs[0].duration_ms == 5);
  CHECK(runs.runs[1].build == first);
  CHECK(project.history("nothing").runs.empty());
}

TEST_CASE("ten thousand tests come in pages, without one missing or twice") {
  std::vector<TestResult> tests;
  for (size_t i = 0; i < limits::kTests; ++i)
    tests.push_back(
        a_test("test " + std::to_string(i), i < 700 ? TestVerdict::Failed : TestVerdict::Passed));
  Project project;
  const BuildId build = project.build(packed(tests));
  size_t seen = 0;
  wire::ListTests query{build, {}, false, 0, 500};
  do {
    const wire::TestList page = project.list(query);
    REQUIRE(!page.tests.empty());
    CHECK(page.tests.size() <= 500);
    for (const wire::TestRow& row : page.tests)
      REQUIRE(row.name == "test " + std::to_string(seen++));
    query.after = page.next;
  } while (query.after != 0);
  CHECK(seen == limits::kTests);
  query = {build, {}, true, 0, 400};
  CHECK(project.list(query).tests.size() == 400);
  query.after = project.list(query).next;
  CHECK(project.list(query).tests.size() == 300);
  CHECK(project.list(query).next == 0);
}

TEST_CASE("a report that cannot be read leaves the outcome as it is, and says why") {
  Project project;
  const BuildId build = project.build("no report at all");
  const wire::TestList list = project.list({build, {}, false, 0, 500});
  REQUIRE(list.jobs.size() == 1);
  CHECK(list.jobs[0].passed == 0);
  REQUIRE(list.jobs[0].notes.size() == 1);
  CHECK(list.jobs[0].notes[0].starts_with("a report of tests cannot be read"));
  CHECK(Reads(project.store()).show_build({build, {}, false})->build.verdict == Verdict::Failed);
}

TEST_CASE("a build that is removed takes its reports along") {
  Project project;
  const BuildId build = project.build(packed({a_test("a", TestVerdict::Passed)}));
  project.build(packed({a_test("a", TestVerdict::Failed)}));
  BuildRemoved removed;
  removed.build = build;
  removed.repository = "/srv/project";
  removed.ref = "refs/heads/main";
  removed.revision = revision(1);
  project.broker().tell(BuildsExpired{{removed}});
  CHECK(project.history("a").runs.size() == 1);
  Database database(project.store(), OpenMode::ReadOnly);
  Statement count(database, "SELECT count(*) FROM test_report");
  REQUIRE(count.next());
  CHECK(count.integer(0) == 1);
}
