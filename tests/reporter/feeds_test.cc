// Badges, cc.xml, Atom and metrics: pure functions of what the broker said.
#include "reporter/feeds/feeds.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

constexpr const char* kOrigin = "http://ci.example.org";
constexpr const char* kHostile = "</x><script>\"'&\x01\xff]]>\xef\xbf\xbf";

wire::BuildRow a_build(uint64_t number, std::optional<Verdict> verdict) {
  wire::BuildRow build;
  build.build = {number};
  build.repository = "/srv/project";
  build.ref = "refs/heads/main";
  build.revision = std::string(40, 'a');
  build.subject = kHostile;
  build.author = kHostile;
  build.verdict = verdict;
  build.state = verdict ? State::Finished : State::Running;
  build.submitted = {1'700'000'000'000};
  build.finished = {verdict ? 1'700'000'060'000 : 0};
  return build;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

// No foreign byte can end what it stands in.
void check_is_harmless(const std::string& xml) {
  INFO(xml);
  CHECK(xml.find("<script") == std::string::npos);
  CHECK(xml.find("</x>") == std::string::npos);
  CHECK(xml.find('\x01') == std::string::npos);
  CHECK(xml.find('\xff') == std::string::npos);
  CHECK(xml.find("\xef\xbf\xbf") == std::string::npos);
}

}  // namespace

TEST_CASE("feeds are known by their addresses, and say what they lack") {
  const auto badge = feeds::feed_of("/badges/build.svg?repository=%2Fsrv%2Fp&ref=refs/heads/x");
  REQUIRE((badge && *badge));
  CHECK(std::get<feeds::Badge>(**badge).repository == "/srv/p");
  CHECK(std::get<feeds::Badge>(**badge).ref == "refs/heads/x");
  const auto atom = feeds::feed_of(feeds::atom_address("a b&c"));
  REQUIRE((atom && *atom));
  CHECK(std::get<feeds::Atom>(**atom).repository == "a b&c");
  CHECK_FALSE(*feeds::feed_of("/badges/build.svg"));
  CHECK_FALSE(*feeds::feed_of("/feeds/builds.atom?repository=%"));
  CHECK_FALSE(feeds::feed_of("/badges/other.svg"));
}

TEST_CASE("a badge says the verdict in words and colour, and that there is none") {
  const wire::BuildRow passed = a_build(1, Verdict::Passed), failed = a_build(2, Verdict::Failed);
  CHECK(has(feeds::badge_svg(&passed), "aria-label=\"build: passed\""));
  CHECK(has(feeds::badge_svg(&failed), ">failed</text>"));
  CHECK(has(feeds::badge_svg(nullptr), "no verdict yet"));
  CHECK(feeds::badge_svg(&passed) != feeds::badge_svg(&failed));
}

TEST_CASE("cc.xml has a project for each branch, with its last verdict while another build runs") {
  Repositories all;
  all["/srv/\"<p>"]["refs/heads/<main>"].newest = {a_build(8, std::nullopt),
                                                   a_build(7, Verdict::Failed)};
  all["/srv/\"<p>"]["refs/heads/new"] = {};
  const std::string xml = feeds::cc_xml(all, kOrigin);
  check_is_harmless(xml);
  CHECK(has(xml, "name=\"/srv/&quot;&lt;p&gt; &lt;main&gt;\""));
  CHECK(has(xml, "activity=\"Building\" lastBuildStatus=\"Failure\" lastBuildLabel=\"7\""));
  CHECK(has(xml, "lastBuildTime=\"2023-11-14T22:14:20Z\""));
  CHECK(has(xml, "webUrl=\"http://ci.example.org/builds/7\""));
  CHECK_FALSE(has(xml, "new"));
}

TEST_CASE("a feed has an entry for each verdict, and no foreign text that ends it") {
  const std::string xml = feeds::atom_xml(
      {"/srv/project", ""}, {{a_build(9, std::nullopt), a_build(8, Verdict::Flaky)}}, kOrigin);
  check_is_harmless(xml);
  CHECK(has(xml, "<id>http://ci.example.org/builds/8</id>"));
  CHECK_FALSE(has(xml, "/builds/9<"));
  CHECK(has(xml, "<title>flaky: "));
  CHECK(has(xml, "<updated>2023-11-14T22:14:20Z</updated>"));
}

TEST_CASE("where people reach the reporter is taken from a Host that is one") {
  CHECK(feeds::origin_of("ci.example.org:8080", true) == "https://ci.example.org:8080");
  CHECK(feeds::origin_of("[::1]:8080", false) == "http://[::1]:8080");
  CHECK_FALSE(feeds::origin_of("", false));
  CHECK_FALSE(feeds::origin_of("a/b", false));
  CHECK_FALSE(feeds::origin_of("a\"><script>", false));
  CHECK_FALSE(feeds::origin_of(std::string(300, 'a'), false));
}

TEST_CASE("histograms are cumulative, in seconds, and end in +Inf") {
  wire::Metrics metrics;
  metrics.wait_ms = {{100, 1'500}, {2, 1, 4}, 12'345};
  metrics.commit_us = {{300}, {1, 0}, 250};
  const std::string text = feeds::metrics_text(metrics, {});
  CHECK(has(text,
            "# TYPE seaworthy_job_wait_seconds histogram\n"
            "seaworthy_job_wait_seconds_bucket{le=\"0.1\"} 2\n"
            "seaworthy_job_wait_seconds_bucket{le=\"1.5\"} 3\n"
            "seaworthy_job_wait_seconds_bucket{le=\"+Inf\"} 7\n"
            "seaworthy_job_wait_seconds_sum 12.345\n"
            "seaworthy_job_wait_seconds_count 7\n"));
  CHECK(has(text, "seaworthy_commit_seconds_bucket{le=\"0.0003\"} 1\n"));
  CHECK(has(text, "seaworthy_commit_seconds_sum 0.00025\n"));
}

TEST_CASE("labels that would end their line are escaped") {
  wire::Metrics metrics;
  metrics.ready = {{{"a\"} 1\nevil", "b\\", "\xff\x01"}, 3}};
  const std::string text = feeds::metrics_text(metrics, {});
  CHECK(has(text, "seaworthy_jobs_ready{labels=\"a\\\"} 1?evil,b\\\\,??\"} 3\n"));
}

TEST_CASE("a broker that is away is a number too") {
  const std::string text = feeds::metrics_text(std::nullopt, {7, 2, 99, 1});
  CHECK(has(text, "seaworthy_broker_up 0\n"));
  CHECK(has(text, "seaworthy_reporter_requests_total 7\n"));
  CHECK(has(text, "seaworthy_reporter_streams_open 2\n"));
  CHECK(has(text, "seaworthy_reporter_last_event 99\n"));
  CHECK_FALSE(has(text, "jobs_waiting"));
}
