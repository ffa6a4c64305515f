// Tests on pages: failed ones first, a history as strip and bars, and everything escaped.
#include "reporter/pages/pages.h"
#include "reporter/pages/tests.h"
#include "reporter/percent.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

constexpr UnixMillis kNow{1'700'000'010'000};

bool has(const Page& page, const std::string& text) {
  return page.main.markup().find(text) != std::string::npos;
}

const std::string kEvil = "<script>alert(1)</script>\x1b[2J\xe2\x80\xae\" onload=\"x";

wire::TestList tests_of_17() {
  wire::TestList tests;
  tests.build = {12};
  tests.repository = "/srv/git/harbour.git";
  tests.jobs = {{{17}, "test", {1}, 40, 1, 1, 2, 3, {"junit.xml was not read: " + kEvil}}};
  wire::TestRow row;
  row.job = {17};
  row.suite = kEvil;
  row.name = kEvil;
  row.verdict = TestVerdict::Failed;
  row.message = kEvil;
  row.output = kEvil;
  row.failing_since = {9};
  row.failing_since_revision = "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678";
  tests.tests = {row};
  return tests;
}

void check_harmless(const Page& page) {
  const http::Answer answer = framed(page);
  for (const char* bad : {"<script>alert", "\x1b", "\xe2\x80\xae", "\" onload"})
    CHECK(answer.body.find(bad) == std::string::npos);
}

}  // namespace

TEST_CASE("the page of a build shows failed tests first, with message and folded output") {
  wire::BuildDetail detail;
  detail.build.build = {12};
  wire::JobRow job;
  job.job = {17};
  job.name = "test";
  detail.jobs = {job};
  const Page page = pages::build_page(detail, kNow, tests_of_17());
  CHECK(has(page, "<h2>2 failed tests</h2>"));
  CHECK(has(page, "<details"));
  CHECK(has(page, "fails since <a href=\"/builds/9\">build 9</a>"));
  CHECK(has(page, "<a href=\"/jobs/17/tests\">Tests</a>"));
  CHECK(has(page, "40 passed"));
  CHECK(page.main.markup().find("2 failed tests") < page.main.markup().find(">Jobs<"));
  check_harmless(page);
  CHECK_FALSE(has(pages::build_page(detail, kNow), "Tests"));
}

TEST_CASE("the tests of a job are listed in pages") {
  wire::TestList tests = tests_of_17();
  tests.next = 500;
  const Page page = pages::job_tests_page(tests, JobId{17});
  CHECK(has(page, "/jobs/17/tests?after=500"));
  CHECK(has(page, "3 of them are not listed"));
  check_harmless(page);
  CHECK(has(pages::job_tests_page({}, JobId{18}), "left no report"));
}

TEST_CASE("the history of a test is a strip and bars, made here") {
  wire::TestRuns runs;
  for (uint64_t build = 3; build > 0; --build) {
    wire::TestRun& run = runs.runs.emplace_back();
    run.build = {build};
    run.ref = "refs/heads/main";
    run.verdict = build == 2 ? TestVerdict::Error : TestVerdict::Passed;
    run.duration_ms = build == 1 ? UINT32_MAX : build * 100;
    run.message = build == 2 ? kEvil : "";
  }
  const Page page = pages::test_page({"/srv/x", "test", kEvil, kEvil, 60}, runs, kNow);
  CHECK(has(page, "Failed in 1 of the newest 3 builds"));
  CHECK(has(page, "<rect class=\"failed\" x=\"22\""));
  CHECK(has(page, "height=\"80\"><title>build 1: "));
  CHECK(page.main.markup().find("title=\"build 1") < page.main.markup().find("title=\"build 3"));
  check_harmless(page);
  CHECK(pages::test_page({}, {}, kNow).status == 404);
}

TEST_CASE("the address of a test leads to it, whatever its name is") {
  const TestRoute test{"https://example.org/a b?c&d=e#f", "unit+1", "",
                       kEvil + std::string(1, '\0')};
  const std::string address = address_of(test);
  CHECK(address.find_first_of("<>\" '\x1b") == std::string::npos);
  const Route route = route_of(address);
  REQUIRE(std::holds_alternative<TestRoute>(route));
  const TestRoute& back = std::get<TestRoute>(route);
  CHECK(back.repository == test.repository);
  CHECK(back.job_name == test.job_name);
  CHECK(back.suite.empty());
  CHECK(back.name == test.name);
  CHECK(query_decoded("a+b%2") == "a b%2");
  CHECK(percent_decoded("%zz%4") == "%zz%4");
  CHECK(percent_decoded("%") == "%");
}
