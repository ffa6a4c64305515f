// Addresses of the API, and what it is told to change.
#include "reporter/api/answers.h"
#include "reporter/api/change.h"
#include "reporter/percent.h"
#include "reporter/query.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

template <class Route>
Route get(std::string_view target) {
  auto route = api::get_of(target);
  INFO(target);
  REQUIRE(route);
  REQUIRE(std::holds_alternative<Route>(*route));
  return std::get<Route>(*route);
}

unsigned status_of(std::string_view target) {
  const auto route = api::get_of(target);
  return route ? 200 : route.error().status;
}

http::Request post(const std::string& target, const std::string& body = "",
                   const std::string& type = "application/json") {
  http::Request request;
  request.method = http::Method::Post;
  request.target = target;
  request.body = body;
  if (!body.empty()) request.fields = {{"content-type", type}};
  return request;
}

unsigned status_of(const http::Request& request) {
  const auto change = api::change_of(request);
  return change ? 200 : change.error().status;
}

}  // namespace

TEST_CASE("builds are asked for by repository, ref, revision, and in pages") {
  const auto list = get<api::ListBuilds>(
      "/api/v1/builds?repository=%2Fsrv%2Fa+b&ref=refs%2Fheads%2F%C3%A4&revision=1a2b&limit=7");
  CHECK(list.question.repository == "/srv/a b");
  CHECK(list.question.ref == "refs/heads/ä");
  CHECK(list.question.revision == "1a2b");
  CHECK(list.question.limit == 7);
  CHECK(list.question.before == 0);
  const std::string next = api::cursor_of('b', 0x1234'5678'9abc);
  CHECK(get<api::ListBuilds>("/api/v1/builds?cursor=" + next).question.before == 0x1234'5678'9abc);
}

TEST_CASE("events go on after a cursor, from the start, or from now on") {
  CHECK_FALSE(get<api::ListEvents>("/api/v1/events").after);
  CHECK(get<api::ListEvents>("/api/v1/events?cursor=start").after == EventSequence{0});
  CHECK(get<api::ListEvents>("/api/v1/events?cursor=" + api::cursor_of('e', 77)).after ==
        EventSequence{77});
}

TEST_CASE("a log is asked for by job, attempt and offset") {
  const auto log = get<api::FetchLog>("/api/v1/jobs/17/log?attempt=2&offset=4096");
  CHECK(log.job == JobId{17});
  CHECK(log.attempt == AttemptNumber{2});
  CHECK(log.offset == 4096);
}

TEST_CASE("an address of the API that is none is not found, one with nonsense is a bad request") {
  for (const char* target :
       {"/api/v1/", "/api/v1/build", "/api/v1/builds/", "/api/v1/builds/0", "/api/v1/builds/x",
        "/api/v1/builds/1/2", "/api/v1/builds/18446744073709551616", "/api/v1/jobs//log",
        "/api/v1/jobs/0/log", "/api/v1/jobs/1/log/", "/api/v1/../../etc/passwd"}) {
    INFO(target);
    CHECK(status_of(target) == 404);
  }
  for (const char* target :
       {"/api/v1/builds?limit=x", "/api/v1/builds?limit=201", "/api/v1/builds?limit=-1",
        "/api/v1/builds?cursor=e12", "/api/v1/builds?cursor=b", "/api/v1/builds?cursor=bzz",
        "/api/v1/builds?repository=%zz", "/api/v1/builds?repository=%4",
        "/api/v1/jobs/1/log?attempt=99999999999", "/api/v1/jobs/1/log?offset=1e3"}) {
    INFO(target);
    CHECK(status_of(target) == 400);
  }
}

TEST_CASE("a query has a bounded number of parts, and the first of a name counts") {
  CHECK(Query::parse("a=1&a=2")->word("a") == "1");
  CHECK(Query::parse("a=1&&b=")->has("b"));
  CHECK(Query::parse("a=b=c")->word("a") == "b=c");
  std::string many;
  for (size_t i = 0; i <= Query::kMostParts; ++i) many += "x=1&";
  CHECK_FALSE(Query::parse(many));
}

TEST_CASE("what is encoded for an address is the same when it is decoded") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(decoded(percent_encoded(all)) == all);
  CHECK(percent_encoded("a&b=c d#\"<").find_first_of("&= #\"<") == std::string::npos);
}

TEST_CASE("builds and jobs are cancelled and retried, with a reason or without") {
  auto change = api::change_of(post("/api/v1/builds/12/cancel", R"({"reason":"wrong branch"})"));
  REQUIRE(change);
  CHECK(change->action.kind == Action::Kind::Cancel);
  CHECK(change->action.build == BuildId{12});
  CHECK(change->reason == "wrong branch");
  change = api::change_of(post("/api/v1/jobs/17/retry"));
  REQUIRE(change);
  CHECK(change->action.kind == Action::Kind::Retry);
  CHECK(change->action.job == JobId{17});
}

TEST_CASE("workers are drained and repositories paused by name, and told so by true or false") {
  auto change = api::change_of(post("/api/v1/drain", R"({"worker":"pool/3","drained":true})"));
  REQUIRE(change);
  CHECK(change->action.kind == Action::Kind::Drain);
  CHECK(change->action.name == "pool/3");
  CHECK_FALSE(change->action.undo);
  change = api::change_of(post("/api/v1/pause", R"({"repository":"/srv/a","paused":false})"));
  REQUIRE(change);
  CHECK(change->action.undo);
}

TEST_CASE("a body that does not say what is to be changed is refused") {
  CHECK(status_of(post("/api/v1/drain")) == 400);
  CHECK(status_of(post("/api/v1/drain", "[]")) == 400);
  CHECK(status_of(post("/api/v1/drain", "{")) == 400);
  CHECK(status_of(post("/api/v1/drain", R"({"worker":1,"drained":true})")) == 400);
  CHECK(status_of(post("/api/v1/drain", R"({"worker":"a","drained":"yes"})")) == 400);
  CHECK(status_of(post("/api/v1/drain", R"({"worker":"","drained":true})")) == 400);
  CHECK(status_of(post("/api/v1/drain", R"({"worker":"a"})")) == 400);
  CHECK(status_of(post("/api/v1/builds/1/cancel", R"({"reason":["a"]})")) == 400);
  CHECK(status_of(post("/api/v1/builds/1/cancel", std::string(8'000, '['))) == 400);
  CHECK(status_of(post("/api/v1/builds/1/cancel", R"({"reason":"a"})", "text/plain")) == 415);
  CHECK(status_of(post("/api/v1/builds/1/explode")) == 404);
  CHECK(status_of(post("/api/v1/builds/x/cancel")) == 404);
}

TEST_CASE("actions on pages are known by their addresses, which hold any name") {
  const std::string worker = "a&undo=1 <b>";
  const auto drain = action_of(drain_address(worker, false));
  REQUIRE(drain);
  CHECK(drain->kind == Action::Kind::Drain);
  CHECK(drain->name == worker);
  CHECK_FALSE(drain->undo);
  const auto pause = action_of(pause_address("/srv/ä?b", true));
  REQUIRE(pause);
  CHECK(pause->name == "/srv/ä?b");
  CHECK(pause->undo);
  CHECK(action_of("/builds/3/cancel")->build == BuildId{3});
  for (const char* target : {"/builds/3", "/builds/0/cancel", "/builds/3/cancel/", "/jobs/3/log",
                             "/drain", "/drain?worker=", "/pause?worker=a", "/"})
    CHECK_FALSE(action_of(target));
}

TEST_CASE(
    "the page that asks whether it is meant escapes what it is about, and carries its secret") {
  Action action;
  action.kind = Action::Kind::Pause;
  action.name = "\"><script>alert(1)</script>";
  const std::string html =
      confirm_page(action, pause_address(action.name, false), "s3cret").main.markup();
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("value=\"s3cret\"") != std::string::npos);
  CHECK(html.find("method=\"post\"") != std::string::npos);
}

TEST_CASE("what cannot be done is a problem with its status and a sentence") {
  using Kind = io::ClientError::Kind;
  CHECK(api::problem_of({Kind::NoAnswer, "no broker", {}}).status == 503);
  CHECK(api::problem_of({Kind::Refused, "no build", wire::ErrorCode::NotFound}).status == 404);
  CHECK(api::problem_of({Kind::Refused, "role", wire::ErrorCode::Refused}).status == 403);
  const http::Answer answer = api::problem(404, "no \"build\" \xff");
  CHECK(answer.content_type == "application/problem+json");
  const json::Json body = json::Json::parse(answer.body);
  CHECK(body["status"] == 404);
  CHECK(body["detail"] == "no \"build\" \xef\xbf\xbd");
}
