#include "reporter/pages/pages.h"
#include "reporter/pages/log.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

constexpr UnixMillis kNow{1'795'275'467'000};

wire::BuildRow build(uint64_t number, const std::string& ref, std::optional<Verdict> verdict) {
  wire::BuildRow row;
  row.build = BuildId{number};
  row.rank = number;
  row.repository = "/srv/git/harbour.git";
  row.ref = ref;
  row.revision = std::string(40, 'a');
  row.subject = "Moor <ships>";
  row.author = "Ada";
  row.state = verdict ? State::Finished : State::Running;
  row.verdict = verdict;
  row.submitted = row.started = UnixMillis{kNow.value - 5'000};
  if (verdict) row.finished = UnixMillis{kNow.value - 1'000};
  return row;
}

bool has(const Page& page, const std::string& text) {
  CAPTURE(text, page.main.markup());
  CHECK(page.main.markup().find(text) != std::string::npos);
  return page.main.markup().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "home shows each branch with its last verdicts, the oldest first, and the main one on top") {
  pages::HomeFacts facts;
  facts.newest.builds = {build(3, "refs/heads/topic", Verdict::Failed),
                         build(2, "refs/heads/main", std::nullopt),
                         build(1, "refs/heads/main", Verdict::Passed)};
  const Page page = pages::home_page(facts, kNow);
  const std::string& html = page.main.markup();
  has(page, "harbour");
  has(page, "Moor &lt;ships&gt;");
  CHECK(html.rfind(">main<") < html.rfind(">topic<"));
  CHECK(html.find("aria-label=\"build 1: passed\"") < html.find("aria-label=\"build 2: running\""));
  has(page, "No workers");
}

TEST_CASE(
    "home says how to begin where there is nothing, and a watched branch without builds is there") {
  has(pages::home_page({}, kNow), "seaworthy watcher REPO");
  pages::HomeFacts facts;
  facts.heads.heads = {{"/srv/dock", "refs/heads/main", std::string(40, 'b')}};
  has(pages::home_page(facts, kNow), "no build among the newest");
}

TEST_CASE("a build shows why a job waits, its attempts with outcomes and steps, and its timeline") {
  wire::BuildDetail detail;
  detail.build = build(7, "refs/heads/main", std::nullopt);
  wire::JobRow waiting;
  waiting.job = JobId{8};
  waiting.name = "deploy";
  waiting.why_waiting = "waits for test";
  wire::JobRow tried;
  tried.job = JobId{9};
  tried.name = "test";
  tried.state = State::Running;
  wire::AttemptRow lost;
  lost.attempt = AttemptNumber{1};
  lost.worker = "anna/1";
  lost.outcome = Outcome::Lost;
  lost.detail = "no word for 40 s";
  lost.steps = {{"make", 2, 1'500}};
  wire::AttemptRow again;
  again.attempt = AttemptNumber{2};
  again.worker = "otto";
  again.assigned = UnixMillis{kNow.value - 3'000};
  tried.attempts = {lost, again};
  detail.jobs = {waiting, tried};
  wire::EventRow event;
  event.kind = wire::EventKind::AttemptLost;
  event.job = JobId{9};
  event.attempt = AttemptNumber{1};
  event.worker = "anna/1";
  detail.timeline = {event};
  const Page page = pages::build_page(detail, kNow);
  has(page, "waits for test");
  has(page, "/jobs/9/log?attempt=2");
  has(page, "no word for 40 s");
  has(page, "<code>make</code> exit code 2");
  has(page, "job 9: attempt 1 lost with anna/1");
  CHECK(page.only == BuildId{7});
}

TEST_CASE("a page of a log has its rows, its steps, and the ways to what is before and after") {
  pages::LogFacts facts;
  facts.detail.build = build(7, "refs/heads/main", Verdict::Failed);
  facts.job = JobId{9};
  facts.measure = {{{JobId{9}, AttemptNumber{1}}, 5'000'000, true}, 5'000'000, 90'000, 90'000};
  facts.sections = {{"checkout", 0, {}, 0, false}, {"make <all>", 400'000, 2, 1'500, true}};
  facts.section_rows = {0, 7'000};
  facts.window.first = {400'000, 7'001, 7'000, {}, false};
  facts.window.next = {600'000, 8'001, 8'000, {}, false};
  facts.window.count = 1'000;
  facts.before = 203'392;
  put_row(facts.window.rows, facts.window.first, "boom", false);
  const Page page = pages::log_page(facts, kNow);
  has(page, "id=\"L7001\"");
  has(page, "lines 7001 to 8000 of 90000");
  has(page, "attempt=1&amp;offset=600000\">after");
  has(page, "attempt=1&amp;offset=203392\">before");
  has(page, "make &lt;all&gt;");
  has(page, "exit code 2");
  has(page, "data-row=\"7000\" data-open=\"\" data-failed=\"\"");
  has(page, "/jobs/9/log.txt?attempt=1");
  has(page, "data-state=\"complete\"");
}

TEST_CASE("a log shows the times that its address asks for, and leads to pages that do too") {
  pages::LogFacts facts;
  facts.detail.build = build(7, "refs/heads/main", Verdict::Passed);
  facts.job = JobId{9};
  facts.measure = {{{JobId{9}, AttemptNumber{1}}, 5'000'000, true}, 5'000'000, 90'000, 90'000};
  facts.window.next = {600'000, 8'001, 8'000, {}, false};
  facts.window.count = 1'000;
  CHECK(pages::log_page(facts, kNow).main.markup().find("data-times") == std::string::npos);
  facts.times = TimesShown::Relative;
  const Page page = pages::log_page(facts, kNow);
  has(page, "data-times=\"relative\"");
  has(page, "attempt=1&amp;time=relative&amp;offset=600000\">after");
  has(page, "name=\"time\" value=\"relative\"");
}

TEST_CASE("a page of a log has buttons for who may press them, and no cancelling of what is done") {
  const auto has_link = [](const Page& page, const char* what) {
    return page.main.markup().find(what) != std::string::npos;
  };
  pages::LogFacts facts;
  facts.detail.build = build(7, "refs/heads/main", Verdict::Passed);
  facts.job = JobId{9};
  wire::JobRow job;
  job.job = facts.job;
  job.state = State::Running;
  facts.detail.jobs = {job};
  CHECK_FALSE(has_link(pages::log_page(facts, kNow), "/retry"));
  const Page running = pages::log_page(facts, kNow, true);
  CHECK(has_link(running, "href=\"/jobs/9/retry\""));
  CHECK(has_link(running, "href=\"/jobs/9/cancel\""));
  facts.detail.jobs.front().state = State::Finished;
  const Page finished = pages::log_page(facts, kNow, true);
  CHECK(has_link(finished, "href=\"/jobs/9/retry\""));
  CHECK_FALSE(has_link(finished, "href=\"/jobs/9/cancel\""));
}

TEST_CASE("lines that were found are shown with links to their places") {
  pages::LogFacts facts;
  facts.detail.build = build(7, "refs/heads/main", Verdict::Passed);
  facts.job = JobId{9};
  facts.hits =
      pages::LogHits{{"<b>", false, true}, "", 300, {{{10, 42, 41, {}, false}, "a <b> c"}}};
  const Page page = pages::log_page(facts, kNow);
  has(page, "300 lines found, the first 1");
  has(page, "&amp;line=42#L42\">42</a><span>a &lt;b&gt; c");
  has(page, "value=\"&lt;b&gt;\"");
}

TEST_CASE("a repository has its builds with their jobs, and how they fared as a picture") {
  pages::RepositoryFacts facts;
  facts.repository = "/srv/git/harbour.git";
  facts.ref = "refs/heads/main";
  for (uint64_t number = 4; number > 0; --number) {
    facts.builds.builds.push_back(
        build(number, "refs/heads/main", number > 2 ? Verdict::Failed : Verdict::Passed));
    facts.builds.builds.back().jobs = {
        {JobId{number}, "lint", State::Finished, Verdict::Passed, {}, {}}};
  }
  const Page page = pages::repository_page(facts, kNow);
  has(page, "aria-label=\"lint: passed\"");
  has(page, "<b>50 %</b> of these passed");
  has(page, "median <b>4.0 s</b>");
  has(page, "class=\"bar failed\"");
  has(page, "failing</span> since <a href=\"/builds/3\">");
  has(page, "Moor &lt;ships&gt;");
}

TEST_CASE("jobs that need others are drawn behind them, in whatever order they are written") {
  wire::BuildDetail detail;
  detail.build = build(7, "refs/heads/main", std::nullopt);
  for (uint64_t number = 1; number <= 3; ++number) {
    wire::JobRow job;
    job.job = JobId{number};
    job.name = "job <" + std::to_string(number) + ">";
    detail.jobs.push_back(job);
  }
  CHECK(pages::build_page(detail, kNow).main.markup().find("class=\"graph\"") == std::string::npos);
  detail.jobs[0].needs = {JobId{2}};
  detail.jobs[1].needs = {JobId{3}};
  const Page page = pages::build_page(detail, kNow);
  has(page, "class=\"graph\"");
  has(page, "job &lt;1&gt;: queued</title><rect class=\"box queued\" rx=\"6\" x=\"472\"");
  has(page, "job &lt;3&gt;: queued</title><rect class=\"box queued\" rx=\"6\" x=\"4\"");
}

TEST_CASE("what runs says when it will end, from what it took before") {
  wire::QueueStatusOk queue;
  queue.running_count = 1;
  queue.running = {{JobId{5}, AttemptNumber{1}, BuildId{2}, "/srv/harbour", std::string(40, 'a'),
                    "test", "anna", UnixMillis{kNow.value - 30'000}}};
  const Page page = pages::queue_page(queue, {{JobId{5}, Duration{60'000}}}, kNow);
  has(page, "<progress max=\"60000\" value=\"30000\"");
  has(page, "ends about ");
  has(pages::queue_page(queue, {{JobId{5}, Duration{20'000}}}, kNow), "longer than usual: 20.0 s");
  CHECK(pages::queue_page(queue, {}, kNow).main.markup().find("<progress") == std::string::npos);
}

TEST_CASE("a running job of a build says when it will end, and a step where it stands in the log") {
  wire::BuildDetail detail;
  detail.build = build(7, "refs/heads/main", std::nullopt);
  wire::JobRow job;
  job.job = JobId{9};
  job.state = State::Running;
  wire::AttemptRow broken;
  broken.attempt = AttemptNumber{1};
  broken.outcome = Outcome::Broken;
  broken.steps = {{"make", 2, 1'500, 4'711, 10}};
  wire::AttemptRow running;
  running.attempt = AttemptNumber{2};
  running.assigned = UnixMillis{kNow.value - 30'000};
  job.attempts = {broken, running};
  detail.jobs = {job};
  const Page page = pages::build_page(detail, kNow, {}, false, {{JobId{9}, Duration{60'000}}});
  has(page, "<progress max=\"60000\" value=\"30000\"");
  has(page, "/jobs/9/log?attempt=1&amp;offset=4711\"><code>make</code></a> exit code 2");
}

TEST_CASE("the wall shows each repository once, what fails first") {
  pages::HomeFacts facts;
  facts.newest.builds = {build(4, "refs/heads/topic", Verdict::Failed),
                         build(3, "refs/heads/main", std::nullopt),
                         build(2, "refs/heads/main", Verdict::Passed)};
  const Page page = pages::wall_page(facts, kNow);
  has(page, "<li class=\"tile passed\"><h2>harbour");
  has(page, "build 3 running");
  has(page, "failing</span> since its first known build");
  CHECK(framed(page).body.find("class=\"wall\"") != std::string::npos);
}

TEST_CASE("workers say how they are, and a sick one why") {
  wire::WorkerRow worker;
  worker.worker = "anna";
  worker.state = "sick";
  worker.reason = "its disk is full";
  worker.labels = {"gpu=h200"};
  const Page page = pages::workers_page({{worker}}, kNow);
  has(page, "1 sick");
  has(page, "takes no jobs: its disk is full");
  has(page, "gpu=h200");
}

TEST_CASE("pages without an answer say what to do, and their text is escaped as all is") {
  has(pages::away_page("no broker at <tcp>"), "no broker at &lt;tcp&gt;");
  CHECK(framed(pages::away_page("")).status == 503);
  CHECK(framed(pages::not_found_page("<x>")).body.find("<x>") == std::string::npos);
}

TEST_CASE("a page that says the same has the same tag, whatever happened elsewhere") {
  Page page = pages::queue_page({}, {}, kNow);
  const std::string tag = framed(page).etag;
  page.after = EventSequence{99};
  CHECK(framed(page).etag == tag);
  page.main.raw("more");
  CHECK(framed(page).etag != tag);
}
