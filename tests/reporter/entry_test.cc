// Who is let in: what requests say of who sent them, sessions, wrong tokens, the list of tokens.
#include <fstream>

#include "reporter/entry/entry.h"
#include "shared/model/limits.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

http::Request asked(std::vector<http::Field> fields, const std::string& peer = "127.0.0.1") {
  http::Request request;
  request.target = "/";
  request.host = "ci.example.org";
  request.peer = peer;
  request.fields = std::move(fields);
  return request;
}

Session session(const std::string& name, const std::string& token, Instant until) {
  Session session;
  session.name = name;
  session.token = token;
  session.access = Access::Operator;
  session.until = until;
  return session;
}

// A list of tokens with anna, who is an operator, and otto, who looks.
struct List {
  List() { write(); }
  void write() {
    const auto changed = io::change_tokens(file, [&](std::vector<io::Token>& tokens) {
      tokens = {{Access::Operator, "anna", io::digest_of(anna), ""},
                {Access::Viewer, "otto", io::digest_of(otto), ""}};
      return Result<bool>(true);
    });
    REQUIRE(changed);
  }
  Folder folder;
  std::filesystem::path file = folder.path() / "tokens";
  std::string anna = io::make_token(), otto = io::make_token();
};

std::string cookie_value(const std::string& set_cookie) {
  return set_cookie.substr(0, set_cookie.find(';'));
}

}  // namespace

TEST_CASE("a token is said by the field Authorization, in one way only") {
  CHECK(bearer_of(asked({{"authorization", "Bearer abc"}})) == "abc");
  CHECK(bearer_of(asked({{"Authorization", "bearer  abc "}})) == "abc");
  CHECK(bearer_of(asked({{"Authorization", "Basic YTpi"}})).empty());
  CHECK(bearer_of(asked({{"Authorization", "Bearer"}})).empty());
  CHECK(bearer_of(asked({{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}})).empty());
}

TEST_CASE("a cookie that is there twice is none") {
  CHECK(cookie_of(asked({{"Cookie", "a=1; seaworthy=xyz; b=2"}}), "seaworthy") == "xyz");
  CHECK(cookie_of(asked({{"Cookie", "a=1"}, {"Cookie", "seaworthy=xyz"}}), "seaworthy") == "xyz");
  CHECK(cookie_of(asked({{"Cookie", "seaworthy=x; seaworthy=y"}}), "seaworthy").empty());
  CHECK(cookie_of(asked({{"Cookie", "seaworthy=x"}, {"Cookie", "seaworthy=y"}}), "seaworthy")
            .empty());
  CHECK(cookie_of(asked({{"Cookie", "notseaworthy=x;;;=;seaworth"}}), "seaworthy").empty());
}

TEST_CASE("a form counts only if a page of this site sent it") {
  CHECK(is_from_our_page(asked({{"Origin", "http://ci.example.org"}})));
  CHECK(is_from_our_page(asked({{"Sec-Fetch-Site", "same-origin"}, {"Origin", "null"}})));
  CHECK_FALSE(is_from_our_page(asked({})));
  CHECK_FALSE(is_from_our_page(asked({{"Origin", "null"}})));
  CHECK_FALSE(is_from_our_page(asked({{"Origin", "http://evil.example"}})));
  CHECK_FALSE(is_from_our_page(asked({{"Origin", "http://ci.example.org.evil.example"}})));
  CHECK_FALSE(is_from_our_page(asked({{"Origin", "ci.example.org"}})));
  CHECK_FALSE(is_from_our_page(
      asked({{"Sec-Fetch-Site", "same-site"}, {"Origin", "http://ci.example.org"}})));
  CHECK_FALSE(is_from_our_page(
      asked({{"Origin", "http://ci.example.org"}, {"Origin", "http://evil.example"}})));
}

TEST_CASE("after a sign-in one goes on inside this site, whatever the address says") {
  CHECK(safe_address("/builds/3?x=1") == "/builds/3?x=1");
  for (const char* wanted : {"", "http://evil.example/", "//evil.example", "/\\evil.example",
                             "javascript:alert(1)", "/a\r\nSet-Cookie: x", "/a b", "/sign-in"})
    CHECK(safe_address(wanted) == "/");
}

TEST_CASE("a session ends when its time is over, when it is ended, and when its token is revoked") {
  Sessions sessions(10);
  const Instant now{Duration{1'000}};
  sessions.open("a", session("anna", "t1", now + Duration{10}));
  sessions.open("b", session("otto", "t2", now + Duration{10}));
  sessions.open("c", session("ida", "t3", now + Duration{10}));
  CHECK(sessions.find("a", now)->name == "anna");
  CHECK(sessions.find("a", now + Duration{10}) == nullptr);
  CHECK(sessions.find("x", now) == nullptr);
  sessions.end("b");
  CHECK(sessions.find("b", now) == nullptr);
  sessions.follow({{Access::Viewer, "anna", "t1", ""}});
  CHECK(sessions.find("a", now)->access == Access::Viewer);
  CHECK(sessions.find("c", now) == nullptr);
  sessions.end(sessions.find("a", now)->number);
  CHECK(sessions.size() == 0);
}

TEST_CASE("one session too many ends the oldest") {
  Sessions sessions(2);
  const Instant until{Duration{1'000}};
  for (const char* cookie : {"z", "b", "a"}) sessions.open(cookie, session(cookie, "t", until));
  CHECK(sessions.size() == 2);
  CHECK(sessions.find("z", Instant{}) == nullptr);
  CHECK(sessions.all(Instant{}).front().name == "a");
}

TEST_CASE("wrong tokens are counted by address, for a while, and of so many addresses") {
  Failures failures;
  Instant now{Duration{1'000'000}};
  for (uint32_t i = 0; i < limits::kFailedSignIns; ++i) CHECK(failures.add("a", now));
  CHECK_FALSE(failures.add("a", now));
  CHECK(failures.add("b", now));
  CHECK(failures.add("a", now + limits::kFailedSignInsWithin));
  for (size_t i = 0; i < 2 * limits::kAddressesRemembered; ++i)
    failures.add(std::to_string(i), now);
  CHECK(failures.size() == limits::kAddressesRemembered);
}

TEST_CASE("a script is who its token says; a wrong one is told from none") {
  List list;
  const Entry entry({list.file});
  Visitor visitor = entry.visitor_of(asked({{"Authorization", "Bearer " + list.anna}}), {});
  CHECK(visitor.way == Way::Bearer);
  CHECK(visitor.name == "anna");
  CHECK(visitor.may(Access::Operator));
  CHECK_FALSE(visitor.may(Access::Admin));
  visitor = entry.visitor_of(asked({{"Authorization", "Bearer swt_wrong"}}), {});
  CHECK(visitor.way == Way::Wrong);
  CHECK_FALSE(entry.may_look(visitor));
  CHECK(entry.visitor_of(asked({}), {}).way == Way::Nobody);
}

TEST_CASE("a browser that signed in is known by its cookie, until it signs out") {
  List list;
  Entry entry({list.file});
  CHECK_FALSE(entry.sign_in("swt_wrong", asked({}), {}));
  const auto cookie = entry.sign_in(list.otto, asked({}), {});
  REQUIRE(cookie);
  CHECK(cookie->find("; HttpOnly; SameSite=Strict") != std::string::npos);
  CHECK(cookie->find("Secure") == std::string::npos);
  CHECK(cookie->find(list.otto) == std::string::npos);
  const http::Request request = asked({{"Cookie", cookie_value(*cookie)}});
  const Visitor visitor = entry.visitor_of(request, {});
  CHECK(visitor.way == Way::Cookie);
  CHECK(visitor.name == "otto");
  CHECK(entry.may_look(visitor));
  CHECK_FALSE(visitor.may(Access::Operator));
  CHECK(entry.visitor_of(request, Instant{limits::kSignedInFor}).way == Way::Nobody);
  CHECK(entry.sign_out(request).find("Max-Age=0") != std::string::npos);
  CHECK(entry.visitor_of(request, {}).way == Way::Nobody);
}

TEST_CASE("behind TLS a cookie goes over TLS only") {
  List list;
  EntryOptions options{list.file};
  options.is_tls = true;
  Entry entry(options);
  const auto cookie = entry.sign_in(list.otto, asked({}), {});
  REQUIRE(cookie);
  CHECK(cookie->starts_with("__Host-"));
  CHECK(cookie->ends_with("; Secure"));
}

TEST_CASE("a form is believed only with its secret and from our page") {
  List list;
  Entry entry({list.file});
  const auto cookie = entry.sign_in(list.anna, asked({}), {});
  http::Request request = asked({{"Cookie", cookie_value(*cookie)}});
  const Visitor visitor = entry.visitor_of(request, {});
  CHECK_FALSE(Entry::is_own_form(visitor, request, visitor.form_token));
  request.fields.emplace_back("Origin", "http://ci.example.org");
  CHECK(Entry::is_own_form(visitor, request, visitor.form_token));
  CHECK_FALSE(Entry::is_own_form(visitor, request, ""));
  CHECK_FALSE(Entry::is_own_form(visitor, request, visitor.form_token + "x"));
  CHECK_FALSE(Entry::is_own_form({}, request, ""));
}

TEST_CASE("a proxy's word is believed from its address only, and only if it is one word") {
  List list;
  EntryOptions options{list.file};
  options.trust_header = "X-Forwarded-User";
  options.trust_from = {"127.0.0.1"};
  const Entry entry(options);
  const Visitor anna = entry.visitor_of(asked({{"x-forwarded-user", "anna"}}), {});
  CHECK(anna.way == Way::Header);
  CHECK(anna.may(Access::Operator));
  const Visitor ida = entry.visitor_of(asked({{"X-Forwarded-User", "ida"}}), {});
  CHECK(ida.may(Access::Viewer));
  CHECK_FALSE(ida.may(Access::Operator));
  CHECK(ida.form_token != anna.form_token);
  for (const http::Request& request :
       {asked({{"X-Forwarded-User", "anna"}}, "10.0.0.1"), asked({{"X-Forwarded-User", ""}}),
        asked({{"X-Forwarded-User", "ida"}, {"X-Forwarded-User", "anna"}}),
        asked({{"X_Forwarded_User", "anna"}}),
        asked({{"X-Forwarded-User", std::string(1'000, 'a')}})})
    CHECK(entry.visitor_of(request, {}).way == Way::Nobody);
}

TEST_CASE("a token that is revoked is let in no more, at once; a spoilt list changes nothing") {
  List list;
  Entry entry({list.file});
  const auto cookie = entry.sign_in(list.otto, asked({}), {});
  const http::Request by_cookie = asked({{"Cookie", cookie_value(*cookie)}});
  const http::Request by_token = asked({{"Authorization", "Bearer " + list.anna}});
  std::ofstream(list.file) << "who knows\n";
  CHECK_FALSE(entry.follow());
  CHECK(entry.visitor_of(by_token, {}).way == Way::Bearer);
  std::ofstream(list.file) << "# nobody\n";
  CHECK(entry.follow());
  CHECK(entry.visitor_of(by_token, {}).way == Way::Wrong);
  CHECK(entry.visitor_of(by_cookie, {}).way == Way::Nobody);
  CHECK_FALSE(entry.follow());
}

TEST_CASE("a list of tokens that others may write is not used") {
  List list;
  std::filesystem::permissions(list.file, std::filesystem::perms(0666));
  CHECK_THROWS(Entry({list.file}));
  CHECK_THROWS(Entry({list.folder.path() / "none"}));
}

TEST_CASE("lines of the list of tokens that make no sense are named") {
  const std::string digest(64, 'a');
  CHECK(io::parse_tokens("# x\n\nviewer a " + digest + " # made\n")->front().note == "made");
  for (const std::string& text :
       {"root a " + digest, std::string("viewer a abc"), "viewer a " + digest + " more",
        "viewer ../a " + digest, "viewer a " + std::string(64, 'G'),
        "viewer a " + digest + "\nviewer b " + digest,
        "viewer a " + digest + "\nviewer a " + std::string(64, 'b')}) {
    const auto tokens = io::parse_tokens(text);
    INFO(text);
    REQUIRE_FALSE(tokens);
    CHECK(tokens.error().starts_with("line "));
  }
}
