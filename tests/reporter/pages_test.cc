#include "reporter/pages/pages.h"
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
  CHECK(html.find(">main<") < html.find(">topic<"));
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

TEST_CASE("a long log has its start and its end, and says what is not shown") {
  pages::LogFacts facts;
  facts.detail.build = build(7, "refs/heads/main", Verdict::Passed);
  facts.job = JobId{9};
  facts.attempt = AttemptNumber{1};
  facts.start = "first\n";
  facts.end = "last\n";
  facts.end_offset = 1'000'006;
  facts.complete = true;
  const Page page = pages::log_page(facts, kNow);
  has(page, "id=\"L1\"");
  has(page, "id=\"B1000006\"");
  has(page, "976.6 KiB between are not shown here");
  has(page, "/jobs/9/log.txt?attempt=1");
  CHECK(page.main.markup().find("data-growing") == std::string::npos);
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
  Page page = pages::queue_page({}, kNow);
  const std::string tag = framed(page).etag;
  page.after = EventSequence{99};
  CHECK(framed(page).etag == tag);
  page.main.raw("more");
  CHECK(framed(page).etag != tag);
}
