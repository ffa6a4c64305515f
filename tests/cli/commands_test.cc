// The real program against a fake broker: what it asks, what it prints, how it exits.
#include <nlohmann/json.hpp>

#include <algorithm>

#include "shared/io/clock.h"
#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;
using Catch::Matchers::StartsWith;

namespace {

JobSpec specification(const std::string& name, std::vector<std::string> needs = {}) {
  JobSpec spec;
  spec.name = name;
  spec.steps = {{"true", "true", {}}};
  spec.needs = std::move(needs);
  spec.timeout = Duration{1'000};
  return spec;
}

// Build 12: job 17 "test" passed, job 18 "lint" needs it and failed. Build 13 was decided.
wire::BuildDetail build_12() {
  wire::BuildDetail detail;
  detail.build = a_build(12, Verdict::Failed);
  detail.jobs = {a_job(17, "test", Verdict::Passed), a_job(18, "lint", Verdict::Failed)};
  detail.concurrency = Concurrency{"deploy", true};
  return detail;
}

std::optional<wire::Envelope> show(const wire::ShowBuild& question) {
  wire::BuildDetail detail = build_12();
  if (question.build.value == 13) {
    detail.build = a_build(13, Verdict::Skipped);
    detail.jobs = {a_job(19, "pipeline", Verdict::Skipped)};
    if (question.with_specifications) detail.jobs[0].specification = JobSpec{};
    return answer(detail);
  }
  if (question.build.value != 12 && question.job.value != 17 && question.job.value != 18)
    return not_found("such build");
  if (question.with_specifications) {
    detail.jobs[0].specification = specification("test");
    detail.jobs[1].specification = specification("lint", {"test"});
  }
  return answer(detail);
}

// Of job 18 of build 12: two pages, a failed test on each.
std::optional<wire::Envelope> tests_of(const wire::ListTests& question) {
  if (question.build.value == 13) return answer(wire::TestList{{13}, "/srv/x", {}, {}, 0});
  wire::TestList list{{12}, "/srv/x", {{{18}, "lint", {1}, 7, 1, 1, 0, 3, {}}}, {}, 0};
  list.jobs[0].notes = {"report.xml was not read to its end: line 1: no element found"};
  wire::TestRow row;
  row.job = {18};
  row.suite = "Basket";
  row.verdict = question.after == 0 ? TestVerdict::Failed : TestVerdict::Error;
  row.name = question.after == 0 ? "sums" : "crash\x1b[2J";
  row.duration_ms = 12;
  row.message = "3 is not 4\nat line 7";
  row.output = "trace\nend";
  row.failing_since = {9};
  row.failing_since_revision = kRevision;
  list.tests = {row};
  if (question.after == 0) list.next = 1;
  return answer(list);
}

std::optional<wire::Envelope> a_broker(const wire::Message& message) {
  if (const auto* question = std::get_if<wire::ListTests>(&message)) return tests_of(*question);
  if (const auto* question = std::get_if<wire::ShowBuild>(&message)) return show(*question);
  if (const auto* list = std::get_if<wire::ListBuilds>(&message)) {
    wire::BuildList builds;
    for (uint64_t n = list->before == 0 ? 700 : list->before - 1'001;
         n > 0 && builds.builds.size() < std::min(list->limit, 300u); --n)
      builds.builds.push_back(a_build(n, Verdict::Passed));
    return answer(builds);
  }
  if (std::holds_alternative<wire::Ping>(message))
    return answer(wire::Pong{{3}, "1.2.3", 4711, io::wall_now()});
  if (std::holds_alternative<wire::QueueStatus>(message)) return answer(wire::QueueStatusOk{});
  if (std::holds_alternative<wire::ListWorkers>(message)) return answer(wire::WorkerList{});
  if (std::holds_alternative<wire::Cancel>(message)) return answer(wire::CancelOk{2});
  if (std::holds_alternative<wire::Notify>(message)) return answer(wire::NotifyOk{1});
  if (std::holds_alternative<wire::DrainWorker>(message) ||
      std::holds_alternative<wire::PauseRepository>(message))
    return answer(wire::Ok{});
  if (std::holds_alternative<wire::Submit>(message))
    return answer(wire::SubmitOk{{{kRevision, {14}, false}}});
  return std::nullopt;
}

io::CommandResult run_at(const FakeBroker& broker, Words words) {
  words.insert(words.end(), {"--broker", broker.endpoint()});
  return run_seaworthy(words);
}

}  // namespace

TEST_CASE("builds joins the broker's pages up to the limit") {
  FakeBroker broker(a_broker);
  auto result = run_at(broker, {"builds", "--json", "--limit", "650"});
  CHECK(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.output);
  REQUIRE(json.size() == 650);
  CHECK(json[0]["build"] == 700);
  CHECK(json[649]["build"] == 51);
}

TEST_CASE("builds passes its conditions on, with the canonical name of the repository") {
  FakeBroker broker(a_broker);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  CHECK(run_at(broker, {"builds", "--repository", folder / "harbour/.git/", "--ref",
                        "refs/heads/main", "--limit", "1"})
            .exit_code == 0);
  const auto asked = broker.asked<wire::ListBuilds>();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].repository == folder / "harbour");
  CHECK(asked[0].ref == "refs/heads/main");
  CHECK(asked[0].limit == 1);
}

TEST_CASE("answers go to stdout without colours, remarks to stderr") {
  FakeBroker broker(a_broker);
  auto result = run_at(broker, {"show", "12"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.output, StartsWith("build 12 failed in 3.2 s\n"));
  CHECK(result.output.find('\x1b') == std::string::npos);
  CHECK(result.error.empty());
  CHECK(run_at(broker, {"workers"}).output.empty());
  CHECK_THAT(run_at(broker, {"workers"}).error, StartsWith("seaworthy: no workers"));
  CHECK(run_at(broker, {"workers", "--json"}).output == "[]\n");
  CHECK_THAT(run_at(broker, {"status"}).output, StartsWith("0 jobs waiting"));
}

TEST_CASE(
    "tests prints all pages: failed ones with their message, since when, and what they wrote") {
  FakeBroker broker(a_broker);
  auto result = run_at(broker, {"tests", "12", "--failed"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.output, StartsWith("job 18 lint: 1 failed, 1 error, 7 passed (3 not listed)\n"
                                       "    report.xml was not read to its end"));
  CHECK_THAT(result.output,
             Contains("  failed  sums  Basket  12 ms\n          3 is not 4 at line 7\n"
                      "          fails since build 9 (1a2b3c4d5e)\n"
                      "          | trace\n          | end\n"));
  CHECK_THAT(result.output, Contains("  error   crash?[2J  Basket"));
  const auto asked = broker.asked<wire::ListTests>();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].failed_only);
  CHECK(asked[1].after == 1);
  const auto json = nlohmann::json::parse(run_at(broker, {"tests", "12", "--json"}).output);
  CHECK(json["jobs"][0]["errors"] == 1);
  CHECK(json["tests"].size() == 2);
  CHECK(json["tests"][1]["verdict"] == "error");
  CHECK(json["tests"][0]["failing_since"]["build"] == 9);
  CHECK_THAT(run_at(broker, {"tests", "13"}).error,
             StartsWith("seaworthy: build 13 has no reports"));
}

TEST_CASE("show names the tests that failed below the job that failed") {
  FakeBroker broker(a_broker);
  CHECK_THAT(run_at(broker, {"show", "12"}).output,
             Contains("    tests: 1 failed, 1 error, 7 passed (3 not listed)\n"
                      "      sums  Basket\n        3 is not 4 at line 7\n"));
}

TEST_CASE("what does not exist is exit code 2 and a sentence") {
  FakeBroker broker(a_broker);
  auto result = run_at(broker, {"show", "99"});
  CHECK(result.exit_code == 2);
  CHECK(result.output.empty());
  CHECK_THAT(result.error, StartsWith("seaworthy: there is no such build (`seaworthy builds`"));
}

TEST_CASE("every query gives up when no broker answers, with exit code 2 and what to do") {
  FakeBroker silent([](const wire::Message&) { return std::nullopt; });
  for (const Words& words :
       {Words{"status"}, Words{"health"}, Words{"builds"}, Words{"show", "12"}, Words{"log", "17"},
        Words{"workers"}, Words{"cancel", "12"}, Words{"retry", "12"}, Words{"notify", "/srv/x"}}) {
    Words all = words;
    all.insert(all.end(), {"--timeout", "200ms"});
    INFO(words[0]);
    auto result = run_at(silent, all);
    CHECK(result.exit_code == 2);
    CHECK(result.output.empty());
    CHECK_THAT(result.error, Contains("no broker answered"));
    CHECK_THAT(result.error, Contains("seaworthy up"));
  }
}

TEST_CASE("the broker is also taken from the environment") {
  FakeBroker broker(a_broker);
  auto result = run_seaworthy({"status"}, {"SEAWORTHY_BROKER=" + broker.endpoint()});
  CHECK(result.exit_code == 0);
}

TEST_CASE("the broker is also taken from a file") {
  FakeBroker broker(a_broker);
  TemporaryFolder folder;
  write_file(folder / "seaworthy.toml", "broker = \"" + broker.endpoint() + "\"\n");
  CHECK(run_seaworthy({"--config", folder / "seaworthy.toml", "status"}).exit_code == 0);
}

TEST_CASE("the next broker of the list is asked when one is away") {
  FakeBroker broker(a_broker);
  auto result = run_seaworthy(
      {"status", "--broker", "tcp://127.0.0.1:1," + broker.endpoint(), "--timeout", "20"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.error, Contains("no answer from the broker at tcp://127.0.0.1:1"));
}

TEST_CASE("cancel names a build, or a job by its path or number") {
  FakeBroker broker(a_broker);
  CHECK(run_at(broker, {"cancel", "12", "--reason", "wrong branch"}).output ==
        "build 12: cancelled 2 jobs\n");
  CHECK(run_at(broker, {"cancel", "12/lint"}).exit_code == 0);
  CHECK(run_at(broker, {"cancel", "--job", "17"}).exit_code == 0);
  const auto asked = broker.asked<wire::Cancel>();
  REQUIRE(asked.size() == 3);
  CHECK((asked[0].build.value == 12 && !asked[0].job && asked[0].reason == "wrong branch"));
  CHECK((!asked[1].build && asked[1].job.value == 18));
  CHECK((!asked[2].build && asked[2].job.value == 17));
}

TEST_CASE("drain and pause name a worker, and a repository by its canonical name; --undo ends it") {
  FakeBroker broker(a_broker);
  CHECK(run_at(broker, {"drain", "host-1"}).output ==
        "host-1 is given no more jobs; what it runs goes on\n");
  CHECK(run_at(broker, {"drain", "host-1", "--undo"}).exit_code == 0);
  CHECK(run_at(broker, {"pause", "https://example.org/x"}).exit_code == 0);
  CHECK(run_at(broker, {"pause", "https://example.org/x", "--undo"}).exit_code == 0);
  const auto drained = broker.asked<wire::DrainWorker>();
  REQUIRE(drained.size() == 2);
  CHECK((drained[0].worker == "host-1" && drained[0].drain && !drained[1].drain));
  const auto paused = broker.asked<wire::PauseRepository>();
  REQUIRE(paused.size() == 2);
  CHECK(paused[0].repository == "https://example.org/x");
  CHECK((paused[0].paused && !paused[1].paused));
}

TEST_CASE("retry submits the same jobs again") {
  FakeBroker broker(a_broker);
  CHECK(run_at(broker, {"retry", "12"}).output == "build 14 retries build 12\n");
  const auto asked = broker.asked<wire::Submit>();
  REQUIRE(asked.size() == 1);
  const wire::Submit& submit = asked[0];
  CHECK(submit.again);
  CHECK(submit.request);
  CHECK(submit.repository == "/srv/git/harbour.git");
  CHECK(submit.ref == "refs/heads/main");
  REQUIRE(submit.revisions.size() == 1);
  CHECK(submit.revisions[0].revision == kRevision);
  CHECK(submit.revisions[0].subject == "Widen the dock");
  REQUIRE(submit.pipelines.size() == 1);
  CHECK(submit.pipelines[0].jobs ==
        std::vector<JobSpec>{specification("test"), specification("lint", {"test"})});
  // It stays in its group, and does not end what was pushed since.
  CHECK(submit.pipelines[0].concurrency == Concurrency{"deploy", false});
}

TEST_CASE("retry of a job submits it alone and says so") {
  FakeBroker broker(a_broker);
  CHECK_THAT(run_at(broker, {"retry", "12/lint"}).output, Contains("alone"));
  const auto asked = broker.asked<wire::Submit>();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].pipelines[0].jobs == std::vector<JobSpec>{specification("lint")});
}

TEST_CASE("a build that was decided without running is not retried") {
  FakeBroker broker(a_broker);
  auto result = run_at(broker, {"retry", "13"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("would be the same again"));
  CHECK(broker.asked<wire::Submit>().empty());
}

TEST_CASE("health is one line that names the broker of the list that answers") {
  FakeBroker broker(a_broker);
  auto result = run_seaworthy(
      {"health", "--broker", "tcp://127.0.0.1:1," + broker.endpoint(), "--timeout", "20"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.output,
             StartsWith("broker at " + broker.endpoint() + " answers: version 1.2.3, up for 0."));
  CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
  CHECK(result.error.empty());
}

TEST_CASE("health has a shape for programs") {
  FakeBroker broker(a_broker);
  const auto json = nlohmann::json::parse(run_at(broker, {"health", "--json"}).output);
  CHECK(json["broker"] == broker.endpoint());
  CHECK(json["version"] == "1.2.3");
  CHECK(json["epoch"] == 3);
  CHECK(json["pid"] == 4711);
  CHECK(json["started_ms"].is_number());
}

TEST_CASE("health says in one line why not, with exit code 2") {
  FakeBroker silent([](const wire::Message&) { return std::nullopt; });
  auto result = run_at(silent, {"health", "--timeout", "200ms"});
  CHECK(result.exit_code == 2);
  CHECK(result.output.empty());
  CHECK(std::count(result.error.begin(), result.error.end(), '\n') == 1);
  CHECK_THAT(result.error, Contains("no broker answered Ping at " + silent.endpoint()));
}

TEST_CASE("notify says how many watchers were told") {
  FakeBroker broker(a_broker);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  CHECK(run_at(broker, {"notify", folder / "harbour/.git"}).output ==
        "told 1 watcher to look at " + (folder / "harbour") + "\n");
}

TEST_CASE("a program of another name is run with its arguments") {
  TemporaryFolder folder;
  std::filesystem::copy_file(seaworthy_binary(), folder / "seaworthy");
  write_script(folder / "seaworthy-worker", "echo \"$@\"; exit 7\n");
  io::Command command;
  command.argv = {folder / "seaworthy", "worker", "--name", "a b"};
  auto result = io::run(command);
  REQUIRE(result);
  CHECK(result->output == "--name a b\n");
  CHECK(result->exit_code == 7);
}
