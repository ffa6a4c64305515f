// The shapes that other programs read. A change here breaks them: only add keys.
#include "cli/render/json.h"

#include <nlohmann/json.hpp>

#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli;
using namespace seaworthy::test;
using Json = nlohmann::ordered_json;

namespace {

std::string keys_of(const Json& object) {
  std::string keys;
  for (const auto& [key, value] : object.items()) keys += (keys.empty() ? "" : " ") + key;
  return keys;
}

constexpr const char* kBuildKeys =
    "build repository ref revision state verdict submitted_ms started_ms finished_ms "
    "subject author";

}  // namespace

TEST_CASE("builds are an array of objects with these keys") {
  const Json list = Json::parse(render::builds_json({{a_build(13), a_build(12, Verdict::Flaky)}}));
  REQUIRE(list.is_array());
  REQUIRE(list.size() == 2);
  CHECK(keys_of(list[0]) == kBuildKeys);
  CHECK(list[0]["build"] == 13);
  CHECK(list[0]["repository"] == "/srv/git/harbour.git");
  CHECK(list[0]["ref"] == "refs/heads/main");
  CHECK(list[0]["revision"] == kRevision);
  CHECK(list[0]["state"] == "queued");
  CHECK(list[0]["submitted_ms"] == 1'700'000'000'000);
  CHECK(list[1]["state"] == "finished");
  CHECK(list[1]["verdict"] == "flaky");
  CHECK(list[1]["finished_ms"] == 1'700'000'004'200);
}

TEST_CASE("what has not happened yet is null") {
  const Json list = Json::parse(render::builds_json({{a_build(13)}}));
  for (const char* key : {"verdict", "started_ms", "finished_ms"}) CHECK(list[0][key].is_null());
}

TEST_CASE("no builds are an empty array") { CHECK(render::builds_json({}) == "[]\n"); }

TEST_CASE("a build shown has its jobs, their attempts and the timeline") {
  wire::BuildDetail detail;
  detail.build = a_build(12);
  detail.jobs = {a_job(17, "test")};
  detail.jobs[0].why_waiting = "all workers are busy";
  detail.jobs[0].attempts = {an_attempt(1, "host-1", Outcome::Lost), an_attempt(2, "host-2")};
  detail.jobs[0].attempts[0].steps = {{"unittest", 1, 250}};
  detail.jobs[0].attempts[0].output_bytes = 99;
  detail.timeline = {an_event(5, wire::EventKind::AttemptAssigned),
                     an_event(6, wire::EventKind::BuildSubmitted)};
  detail.timeline[0].job = {17};
  detail.timeline[0].attempt = {1};
  detail.timeline[0].worker = "host-1";

  const Json json = Json::parse(render::build_json(detail));
  CHECK(keys_of(json) == std::string(kBuildKeys) + " concurrency_group jobs timeline");
  const Json& job = json["jobs"][0];
  CHECK(keys_of(job) == "job name state verdict why_waiting note attempts");
  CHECK(job["job"] == 17);
  CHECK(job["why_waiting"] == "all workers are busy");
  const Json& attempt = job["attempts"][0];
  CHECK(keys_of(attempt) ==
        "attempt worker outcome detail assigned_ms first_output_ms finished_ms output_bytes "
        "output_truncated steps");
  CHECK(attempt["outcome"] == "lost");
  CHECK(attempt["first_output_ms"].is_null());
  CHECK(attempt["output_bytes"] == 99);
  CHECK(attempt["steps"] ==
        Json::parse(R"([{"name":"unittest","exit_code":1,"duration_ms":250}])"));
  CHECK(job["attempts"][1]["outcome"].is_null());
  CHECK(job["attempts"][1]["finished_ms"].is_null());
  CHECK(keys_of(json["timeline"][0]) == "sequence at_ms kind job attempt worker detail build");
  CHECK(json["timeline"][0]["kind"] == "attempt_assigned");
  CHECK(json["timeline"][0]["worker"] == "host-1");
  CHECK(json["timeline"][1]["job"].is_null());
}

TEST_CASE("workers are an array of objects with these keys") {
  wire::WorkerRow worker;
  worker.worker = "host-1";
  worker.session = {3};
  worker.state = "idle";
  worker.labels = {"gpu"};
  worker.last_heard = {1'700'000'000'000};
  worker.pid = 42;
  worker.host = "host";
  const Json json = Json::parse(render::workers_json({{worker}}));
  CHECK(keys_of(json[0]) ==
        "worker session state labels job last_heard_ms pid host reason "
        "drained version");
  CHECK(json[0]["session"] == 3);
  CHECK(json[0]["labels"] == Json::array({"gpu"}));
  CHECK(json[0]["job"].is_null());
}

TEST_CASE("the status has counts, what waits, what runs and the last verdicts") {
  wire::QueueStatusOk queue;
  queue.waiting_count = 30;
  queue.waiting = {{{17}, {12}, "/srv/git/harbour.git", kRevision, "test", "its turn will come"}};
  queue.running = {{{18}, {2}, {12}, "/srv/git/harbour.git", kRevision, "lint", "host-1", {7}}};
  const Json json = Json::parse(render::status_json(queue, {{a_build(11, Verdict::Passed)}}));
  CHECK(keys_of(json) == "queue waiting running unmatched paused last");
  CHECK(json["queue"] == Json::parse(R"({"waiting":30,"running":0,"workers":0})"));
  CHECK(keys_of(json["waiting"][0]) == "job name build repository revision why_waiting");
  CHECK(keys_of(json["running"][0]) ==
        "job name build repository revision attempt worker assigned_ms");
  CHECK(keys_of(json["last"][0]) == kBuildKeys);
}

TEST_CASE("bytes that are no UTF-8 are replaced") {
  wire::BuildRow build = a_build(12);
  build.repository = "/srv/\xff";
  CHECK(Json::parse(render::builds_json({{build}}))[0]["repository"] == "/srv/\xef\xbf\xbd");
}
