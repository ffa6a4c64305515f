#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/folder.h"
#include "watcher/webhooks/delivery.h"
#include "watcher/webhooks/payload.h"
#include "watcher/webhooks/record.h"

using namespace seaworthy;
using namespace seaworthy::watcher;

namespace {

using Names = std::vector<std::string>;
constexpr UnixMillis kNow{1'700'000'000'000};
const Names kSecrets{"another secret of old", "It's a Secret to Everybody"};
constexpr const char* kPush = R"({"repository": {"clone_url": "https://example.org/a/b.git"}})";

std::string signed_by(const std::string& secret, const std::string& text) {
  std::array<uint8_t, 32> sum{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const uint8_t*>(text.data()), text.size(), sum.data(), &length);
  std::string hex;
  for (uint8_t byte : sum) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

http::Request request_with(std::string body, std::vector<http::Field> fields) {
  http::Request request;
  request.method = http::Method::Post;
  request.body = std::move(body);
  request.fields = std::move(fields);
  return request;
}

unsigned status_of(Forge forge, const http::Request& request) {
  const auto delivery = read_delivery(forge, request, kSecrets, kNow);
  return delivery ? 200 : delivery.error().status;
}

http::Request generic(const std::string& body, const std::string& time) {
  return request_with(
      body, {{"X-Seaworthy-Timestamp", time},
             {"X-Seaworthy-Signature", "sha256=" + signed_by(kSecrets[1], time + "." + body)}});
}

}  // namespace

TEST_CASE("a hook of GitHub is believed when its signature is the one that GitHub documents") {
  // The example of "Validating webhook deliveries" in GitHub's documentation. That it is no JSON is
  // said after the signature was found good.
  const auto hello = [](const std::string& signature) {
    return request_with("Hello, World!", {{"X-Hub-Signature-256", signature}});
  };
  CHECK(
      status_of(Forge::GitHub,
                hello("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")) ==
      400);
  CHECK(
      status_of(Forge::GitHub,
                hello("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18")) ==
      401);
  CHECK(status_of(Forge::GitHub, hello("sha1=757107ea0eb2509fc211221cce984b8a37570b6d")) == 401);
  CHECK(status_of(Forge::GitHub, request_with("Hello, World!", {})) == 401);
  const auto push = read_delivery(
      Forge::GitHub,
      request_with(kPush, {{"X-Hub-Signature-256", "sha256=" + signed_by(kSecrets[1], kPush)}}),
      kSecrets, kNow);
  REQUIRE(push);
  CHECK(push->names == Names{"https://example.org/a/b.git"});
}

TEST_CASE("any of several secrets may have signed, so that one can replace another") {
  for (const std::string& secret : kSecrets)
    CHECK(status_of(Forge::Gitea,
                    request_with(kPush, {{"X-Gitea-Signature", signed_by(secret, kPush)}})) == 200);
  CHECK(status_of(Forge::Gitea, request_with(kPush, {{"X-Gitea-Signature",
                                                      signed_by("a third", kPush)}})) == 401);
}

TEST_CASE("a hook of GitLab brings the secret itself") {
  CHECK(status_of(Forge::GitLab, request_with(kPush, {{"X-Gitlab-Token", kSecrets[0]}})) == 200);
  CHECK(status_of(Forge::GitLab, request_with(kPush, {{"X-Gitlab-Token", kSecrets[0] + "x"}})) ==
        401);
  CHECK(status_of(Forge::GitLab, request_with(kPush, {{"X-Gitlab-Token", ""}})) == 401);
}

TEST_CASE("a generic hook signs its time too, and one of another time is refused") {
  CHECK(status_of(Forge::Generic, generic(kPush, "1700000000")) == 200);
  CHECK(status_of(Forge::Generic, generic(kPush, "1699999701")) == 200);
  CHECK(status_of(Forge::Generic, generic(kPush, "1699999699")) == 401);
  CHECK(status_of(Forge::Generic, generic(kPush, "1700000301")) == 401);
  CHECK(status_of(Forge::Generic, generic(kPush, "1700000000x")) == 401);
  http::Request moved = generic(kPush, "1699990000");
  moved.fields[0].second = "1700000000";
  CHECK(status_of(Forge::Generic, moved) == 401);
}

TEST_CASE("deliveries are the same when body and signed time are, and only then") {
  const auto digest = [](const http::Request& request) {
    auto delivery = read_delivery(Forge::Generic, request, kSecrets, kNow);
    REQUIRE(delivery);
    return delivery->digest;
  };
  CHECK(digest(generic(kPush, "1700000000")) == digest(generic(kPush, "1700000000")));
  CHECK(digest(generic(kPush, "1700000000")) != digest(generic(kPush, "1700000001")));
  CHECK(digest(generic(kPush, "1700000000")) != digest(generic("{}", "1700000000")));
}

TEST_CASE("a body's names of its repository are found wherever forges write them") {
  const auto names = [](std::string_view body) {
    auto found = names_in(body);
    REQUIRE(found);
    return *found;
  };
  CHECK(names(R"({"zen": "calm", "hook": {"url": "https://no"}})").empty());
  CHECK(names(R"({"repository": "git@example.org:a/b.git"})") == Names{"git@example.org:a/b.git"});
  CHECK(names(R"({"project": {"id": 1, "git_ssh_url": "s", "name": "x", "git_http_url": "h"}})") ==
        Names{"s", "h"});
  CHECK(
      names(
          R"({"commits": [{"url": "no"}], "repository": {"owner": {"html_url": "no"}, "clone_url": "c"}})") ==
      Names{"c"});
  CHECK(names(R"([{"repository": {"url": "no"}}])").empty());
  CHECK(names(R"({"repository": [{"url": "no"}]})").empty());
}

TEST_CASE("a form is read too, as GitHub sends one unless told otherwise") {
  auto found = names_in("x=1&payload=%7B%22repository%22%3A+%7B%22url%22%3A%22a%2Fb%22%7D%7D&y=2");
  REQUIRE(found);
  CHECK(*found == Names{"a/b"});
  CHECK_FALSE(names_in("repository=a"));
  CHECK_FALSE(names_in("payload=%7"));
}

TEST_CASE("bodies that are hostile are refused or harmless") {
  const std::string deep(1'000'000, '[');
  CHECK_FALSE(names_in(deep));
  const std::string deeper = deep + std::string(1'000'000, ']');
  REQUIRE(names_in(deeper));
  CHECK(names_in(deeper)->empty());
  CHECK_FALSE(names_in(""));
  CHECK_FALSE(names_in(std::string("{\0}", 3)));
  CHECK_FALSE(names_in("{\"repository\": \"\xff\xfe\"}"));
  CHECK(names_in("{\"repository\": \"" + std::string(5'000, 'a') + "\"}")->empty());
}

TEST_CASE("ways to write one repository are known to be the same") {
  const std::string name = "https://example.org/a/b.git";
  for (const char* same :
       {"https://example.org/a/b", "http://Example.org:8080/a/b.git/", "git@example.org:a/b.git",
        "ssh://git@example.org:22/a/b", "git://example.org/a/b.git",
        "https://user:word@example.org/a/b", "example.org:/a/b"}) {
    CAPTURE(same);
    CHECK(is_same_repository(name, same));
  }
  for (const char* other :
       {"https://example.org/a/bb", "https://example.com/a/b", "https://example.org/A/b",
        "https://evil.org/example.org/a/b", "/example.org/a/b", "example.org/a/b", "", "https://",
        "https://example.org", "git@example.org"}) {
    CAPTURE(other);
    CHECK_FALSE(is_same_repository(name, other));
  }
  CHECK(is_same_repository("/srv/git/b.git", "file:///srv/git/b"));
  CHECK_FALSE(is_same_repository("/srv/git/b", "https://srv/git/b"));
}

TEST_CASE(
    "what was recorded is known after a restart, a line that was cut is not, and the oldest are "
    "forgotten") {
  const Folder folder;
  const auto file = folder.path() / "deeper" / "deliveries";
  const auto delivery = [](size_t number) {
    return Delivery{Forge::GitHub, "digest" + std::to_string(number), {}};
  };
  {
    auto record = DeliveryRecord::open(file);
    REQUIRE(record);
    CHECK(record->add(delivery(1), "a\nb", kNow));
    CHECK(record->has("digest1"));
  }
  std::ofstream(file, std::ios::app) << "1700000000000 github dig";
  auto again = DeliveryRecord::open(file);
  REQUIRE(again);
  CHECK(again->has("digest1"));
  CHECK_FALSE(again->has("dig"));
  CHECK_FALSE(again->has("b"));
  std::ofstream lines(file, std::ios::trunc);
  for (size_t i = 0; i < DeliveryRecord::kKept + 5; ++i)
    lines << "1700000000000 github many" << i << " repository\n";
  lines.close();
  auto full = DeliveryRecord::open(file);
  REQUIRE(full);
  CHECK_FALSE(full->has("many4"));
  CHECK(full->has("many5"));
}
