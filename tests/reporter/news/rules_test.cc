#include "reporter/news/core/rules.h"

#include "tests/reporter/news/story_fixture.h"

using namespace seaworthy;
using namespace seaworthy::reporter::news;

namespace {

Plan a_plan(Kind kind, const Rule& rule) {
  Plan plan;
  plan.targets.emplace_back().kind = kind;
  plan.rules.push_back(rule);
  return plan;
}

LookBack looked_back(const wire::BuildRow& build, std::vector<wire::BuildRow> newest_first) {
  LookBack back(build);
  back.feed({std::move(newest_first)});
  back.feed({});
  return back;
}

wire::BuildRow finished_at(uint64_t number, Verdict verdict, int64_t later_ms) {
  wire::BuildRow row = a_build(number, verdict);
  row.finished.value += later_ms;
  return row;
}

}  // namespace

TEST_CASE("a glob's stars stand for any text") {
  for (const char* glob : {"*", "*.git", "/srv/*", "/srv/*/harbour*", "/?rv/?it/harbour.git", "**",
                           "*a*b*o*u*", "/srv/git/harbour.git"})
    CHECK(matches_glob(glob, "/srv/git/harbour.git"));
  for (const char* glob : {"", "/srv", "*.gi", "harbour", "?", "/srv/*/dock*", "*x*"})
    CHECK_FALSE(matches_glob(glob, "/srv/git/harbour.git"));
  CHECK(matches_glob("", ""));
  // In time that grows with the square at most.
  CHECK_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(2'000, 'a')));
}

TEST_CASE("a target is concerned by finished builds of its repositories and branches only") {
  Rule rule;
  rule.repository = "*/harbour.git";
  rule.branches = {"main", "release-*", "tags/v*"};
  const Plan plan = a_plan(Kind::Webhook, rule);
  wire::EventRow event = an_event(a_build(1, Verdict::Passed));
  CHECK(concerns(plan, 0, event));
  for (const char* ref : {"refs/heads/release-2", "refs/tags/v1"}) {
    event.ref = ref;
    CHECK(concerns(plan, 0, event));
  }
  for (const char* ref : {"refs/heads/topic", "refs/heads/main2", "refs/tags/main", "main/x"}) {
    event.ref = ref;
    CHECK_FALSE(concerns(plan, 0, event));
  }
  event.ref = "refs/heads/main";
  event.repository = "/srv/git/dock.git";
  CHECK_FALSE(concerns(plan, 0, event));
}

TEST_CASE("only a forge hears of a build that was submitted, and nobody of what is between") {
  const wire::BuildRow build = a_build(1, std::nullopt);
  for (Kind kind : {Kind::Mail, Kind::Webhook, Kind::Slack})
    CHECK_FALSE(concerns(a_plan(kind, {}), 0, an_event(build, wire::EventKind::BuildSubmitted)));
  for (Kind kind : {Kind::Github, Kind::Gitea, Kind::Gitlab}) {
    CHECK(concerns(a_plan(kind, {}), 0, an_event(build, wire::EventKind::BuildSubmitted)));
    CHECK_FALSE(concerns(a_plan(kind, {}), 0, an_event(build, wire::EventKind::JobFinished)));
  }
}

TEST_CASE("a change is from good to bad or back, and a first build is compared with a good one") {
  const auto change = [](std::vector<Verdict> before, Verdict now) {
    std::vector<wire::BuildRow> list{a_build(100, now)};
    uint64_t number = 99;
    for (Verdict verdict : before) list.push_back(finished_at(number--, verdict, -1));
    return looked_back(list.front(), list).is_change();
  };
  CHECK(change({Verdict::Passed}, Verdict::Failed));
  CHECK(change({Verdict::Flaky}, Verdict::Inconclusive));
  CHECK(change({Verdict::Failed}, Verdict::Passed));
  CHECK(change({Verdict::Inconclusive}, Verdict::Flaky));
  CHECK(change({}, Verdict::Failed));
  CHECK_FALSE(change({}, Verdict::Passed));
  CHECK_FALSE(change({Verdict::Failed}, Verdict::Failed));
  CHECK_FALSE(change({Verdict::Failed}, Verdict::Inconclusive));
  CHECK_FALSE(change({Verdict::Passed}, Verdict::Flaky));
  // What says nothing is looked past, and is no change itself.
  CHECK(change({Verdict::Cancelled, Verdict::Skipped, Verdict::Passed}, Verdict::Failed));
  CHECK_FALSE(change({Verdict::Cancelled, Verdict::Failed}, Verdict::Failed));
  CHECK_FALSE(change({Verdict::Passed}, Verdict::Cancelled));
}

TEST_CASE("a build that is told late is compared with what there was when it finished") {
  const wire::BuildRow build = a_build(10, Verdict::Failed);
  // Since then: an older commit failed, and a newer one passed.
  CHECK(
      looked_back(build, {finished_at(11, Verdict::Passed, 5), build,
                          finished_at(9, Verdict::Failed, 5), finished_at(8, Verdict::Passed, -5)})
          .is_change());
}

TEST_CASE("an older commit that is finished after a newer one does not change the branch") {
  const wire::BuildRow build = a_build(10, Verdict::Failed);
  const LookBack back = looked_back(
      build, {finished_at(11, Verdict::Failed, -5), build, finished_at(9, Verdict::Passed, -9)});
  CHECK(back.is_overtaken());
  CHECK_FALSE(back.is_change());
}

TEST_CASE("looking back goes on until it knows, over as many parts as the list has") {
  const wire::BuildRow build = a_build(10, Verdict::Failed);
  LookBack back(build);
  back.feed({{build, finished_at(9, Verdict::Cancelled, -1)}});
  CHECK(back.wants_more());
  back.feed({{finished_at(8, Verdict::Passed, -1), finished_at(7, Verdict::Failed, -1)}});
  CHECK_FALSE(back.wants_more());
  CHECK(back.verdict_before() == Verdict::Passed);
}

TEST_CASE("a rule says whether a failure, a change or everything is told") {
  const auto told = [](When when, Verdict now, std::optional<Verdict> before) {
    Rule rule;
    rule.when = when;
    const wire::BuildRow build = a_build(10, now);
    std::vector<wire::BuildRow> list{build};
    if (before) list.push_back(finished_at(9, *before, -1));
    return telling(a_plan(Kind::Slack, rule), 0, an_event(build), build, looked_back(build, list))
        .has_value();
  };
  CHECK(told(When::Failure, Verdict::Failed, Verdict::Failed));
  CHECK(told(When::Failure, Verdict::Inconclusive, std::nullopt));
  CHECK_FALSE(told(When::Failure, Verdict::Passed, Verdict::Failed));
  CHECK_FALSE(told(When::Failure, Verdict::Cancelled, Verdict::Passed));
  CHECK(told(When::Change, Verdict::Passed, Verdict::Failed));
  CHECK_FALSE(told(When::Change, Verdict::Failed, Verdict::Failed));
  CHECK(told(When::Always, Verdict::Skipped, Verdict::Failed));
}

TEST_CASE("all rules for a target are one mail, to each address once") {
  Plan plan = a_plan(Kind::Mail, {});
  plan.rules[0].to = {"team@example.org", "ada@example.org"};
  plan.rules.push_back({});
  plan.rules[1].to_author = true;
  plan.rules[1].to = {"team@example.org", "lead@example.org"};
  plan.rules.push_back({});
  plan.rules[2].branches = {"topic"};
  plan.rules[2].to = {"other@example.org"};
  const wire::BuildRow build = a_build(1, Verdict::Failed);
  const auto told = telling(plan, 0, an_event(build), build, LookBack(build));
  REQUIRE(told);
  CHECK(told->recipients ==
        std::vector<std::string>{"team@example.org", "ada@example.org", "lead@example.org"});
  CHECK(told->troubles.empty());
}

TEST_CASE("an author whose address could be more than an address gets no mail") {
  Plan plan = a_plan(Kind::Mail, {});
  plan.rules[0].to_author = true;
  for (const char* author :
       {"Ada", "Ada <>", "Ada <ada>", "Ada <ada@example.org\r\nRCPT TO:eve@example.org>",
        "Ada <ada@example.org,eve@example.org>", "Ada <ada@exa mple.org>", "<\"a b\"@example.org>",
        "<ada@example.org> NOTIFY=NEVER <x", "Ada <@example.org>", "Ada <ada@>", "Ada <-a@b>",
        "Ada <\xc3\xa4@example.org>", "Ada <ada@[127.0.0.1]>", "Ada <ada@example..org>"}) {
    wire::BuildRow build = a_build(1, Verdict::Failed);
    build.author = author;
    CAPTURE(author);
    const auto told = telling(plan, 0, an_event(build), build, LookBack(build));
    REQUIRE(told);
    CHECK(told->recipients.empty());
    CHECK(told->troubles.size() == 1);
  }
}

TEST_CASE("a repository's URL names its project at a forge, a path names none") {
  CHECK(project_of("https://github.com/ada/harbour.git") == "ada/harbour");
  CHECK(project_of("https://gitlab.example.org:8443/group/sub/harbour/") == "group/sub/harbour");
  CHECK(project_of("ssh://git@example.org:22/ada/harbour") == "ada/harbour");
  CHECK(project_of("git@example.org:ada/harbour.git") == "ada/harbour");
  for (const char* none : {"/srv/git/harbour.git", "file:///srv/git/harbour", "harbour",
                           "https://example.org", "https://example.org/harbour", "./a:b/c"})
    CHECK(project_of(none).empty());
}
