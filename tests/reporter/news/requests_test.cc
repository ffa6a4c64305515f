#include "reporter/news/requests.h"

#include <nlohmann/json.hpp>

#include "reporter/news/sign.h"
#include "tests/reporter/news/story_fixture.h"

using namespace seaworthy;
using namespace seaworthy::reporter::news;
using Json = nlohmann::json;

namespace {

Target a_target(Kind kind, const std::string& url) {
  Target target;
  target.name = "there";
  target.kind = kind;
  target.url = url;
  target.secret = "s3cret";
  return target;
}

bool has_header(const HttpRequest& request, const std::string& line) {
  for (const std::string& header : request.headers)
    if (header == line) return true;
  return false;
}

Story for_project(Verdict verdict) {
  Story story = a_story(verdict);
  story.telling.project = "ada/harbour";
  return story;
}

}  // namespace

TEST_CASE("a signature is that of the published examples") {
  CHECK(signature_of("It's a Secret to Everybody", "Hello, World!") ==
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  // RFC 4231, test case 2.
  CHECK(signature_of("Jefe", "what do ya want for nothing?") ==
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("a webhook has the whole story, an id that stays, and a signature of just its bytes") {
  Story story = a_story(Verdict::Failed);
  story.before = Verdict::Passed;
  story.is_change = true;
  const Target target = a_target(Kind::Webhook, "https://hooks.example.org/x");
  const HttpRequest request = request_for(target, story);
  CHECK(request.url == target.url);
  CHECK(has_header(request, "X-Seaworthy-Delivery: 17-1763742000123"));
  CHECK(has_header(request, "X-Seaworthy-Event: build_finished"));
  CHECK(has_header(request, "X-Seaworthy-Signature: " + signature_of("s3cret", request.body)));
  CHECK(request_for(target, story).body == request.body);
  const Json body = Json::parse(request.body);
  CHECK(body["id"] == "17-1763742000123");
  CHECK(body["build"] == 12);
  CHECK(body["verdict"] == "failed");
  CHECK(body["verdict_before"] == "passed");
  CHECK(body["change"] == true);
  CHECK(body["url"] == "https://ci.example.org/builds/12");
  CHECK(body["jobs"][0]["name"] == "test");
  CHECK(body["jobs"][0]["detail"] == "step 'make' exited with 2");
}

TEST_CASE("a webhook without a secret has no signature, and bytes that are no text do no harm") {
  Story story = a_story(Verdict::Passed);
  story.build.subject = "\xff\xfe\"\r\n";
  Target target = a_target(Kind::Webhook, "https://hooks.example.org/x");
  target.secret.clear();
  const HttpRequest request = request_for(target, story);
  for (const std::string& header : request.headers) {
    CHECK_FALSE(header.starts_with("X-Seaworthy-Signature"));
    CHECK(header.find_first_of("\r\n") == std::string::npos);
  }
  CHECK_NOTHROW(Json::parse(request.body));
}

TEST_CASE("GitHub and Gitea are told a commit's state in their words") {
  const auto state = [](Kind kind, Verdict verdict) {
    const HttpRequest request =
        request_for(a_target(kind, "https://api.github.com"), for_project(verdict));
    return Json::parse(request.body)["state"].get<std::string>();
  };
  for (Kind kind : {Kind::Github, Kind::Gitea}) {
    CHECK(state(kind, Verdict::Passed) == "success");
    CHECK(state(kind, Verdict::Flaky) == "success");
    CHECK(state(kind, Verdict::Skipped) == "success");
    CHECK(state(kind, Verdict::Failed) == "failure");
    CHECK(state(kind, Verdict::Inconclusive) == "error");
    CHECK(state(kind, Verdict::Cancelled) == "error");
  }
  CHECK(state(Kind::Gitlab, Verdict::Failed) == "failed");
  CHECK(state(Kind::Gitlab, Verdict::Cancelled) == "canceled");
  CHECK(state(Kind::Gitlab, Verdict::Passed) == "success");
}

TEST_CASE("a build that was submitted is pending, also when it has its verdict by now") {
  Story story = for_project(Verdict::Passed);
  story.event.kind = wire::EventKind::BuildSubmitted;
  const HttpRequest request = request_for(a_target(Kind::Github, "https://api.github.com"), story);
  CHECK(Json::parse(request.body)["state"] == "pending");
}

TEST_CASE("a commit's status goes to its project, with the token where each forge wants it") {
  const std::string revision(40, 'a');
  const Story story = for_project(Verdict::Failed);
  HttpRequest request = request_for(a_target(Kind::Github, "https://api.github.com"), story);
  CHECK(request.url == "https://api.github.com/repos/ada/harbour/statuses/" + revision);
  CHECK(has_header(request, "Authorization: Bearer s3cret"));
  CHECK(Json::parse(request.body)["context"] == "seaworthy");
  CHECK(Json::parse(request.body)["target_url"] == "https://ci.example.org/builds/12");
  request = request_for(a_target(Kind::Gitea, "https://git.example.org"), story);
  CHECK(request.url == "https://git.example.org/api/v1/repos/ada/harbour/statuses/" + revision);
  CHECK(has_header(request, "Authorization: token s3cret"));
  request = request_for(a_target(Kind::Gitlab, "https://gitlab.com"), story);
  CHECK(request.url == "https://gitlab.com/api/v4/projects/ada%2Fharbour/statuses/" + revision);
  CHECK(has_header(request, "PRIVATE-TOKEN: s3cret"));
  CHECK(Json::parse(request.body)["ref"] == "main");
  CHECK(Json::parse(request.body)["name"] == "seaworthy");
  Story tag = story;
  tag.build.ref = "refs/tags/v1";
  CHECK(Json::parse(request_for(a_target(Kind::Gitlab, "https://gitlab.com"), tag).body)["ref"] ==
        "v1");
}

TEST_CASE("a project's name and a revision cannot become another address") {
  Story story = for_project(Verdict::Failed);
  story.telling.project = "ada/har bour?x=#/%2e";
  story.build.revision = "../../x";
  const HttpRequest request = request_for(a_target(Kind::Github, "https://api.github.com"), story);
  CHECK(request.url ==
        "https://api.github.com/repos/ada/har%20bour%3Fx%3D%23/%252e/statuses/..%2F..%2Fx");
}

TEST_CASE("a description is as long as every forge takes it") {
  Story story = for_project(Verdict::Failed);
  story.jobs[0].row.name = std::string(128, 'x');
  story.jobs.push_back({a_job(std::string(128, 'y'), Verdict::Failed), {}});
  const HttpRequest request = request_for(a_target(Kind::Github, "https://api.github.com"), story);
  CHECK(Json::parse(request.body)["description"].get<std::string>().size() == 140);
}

TEST_CASE("a chat message links the build, and what others wrote calls nobody and links nothing") {
  Story story = a_story(Verdict::Failed);
  story.build.subject = "<!channel> @all <https://evil.example|click> & more";
  const HttpRequest request =
      request_for(a_target(Kind::Slack, "https://hooks.example.org/x"), story);
  const std::string text = Json::parse(request.body)["text"];
  CHECK(text.find("&lt;!channel&gt;") != std::string::npos);
  CHECK(text.find("@all") == std::string::npos);
  CHECK(text.find("<https://ci.example.org/builds/12|Build 12>") != std::string::npos);
  CHECK(text.find("<https://evil") == std::string::npos);
  CHECK(text.find("1 of 1 job failed: test") != std::string::npos);
}
