#include "reporter/pages/tests.h"

#include <algorithm>

#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/test_duration.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr uint32_t kFailedOfBuild = 100;
constexpr uint32_t kTestsOnPage = 500;
constexpr uint32_t kRuns = 60;
// The graph of durations, in pixels: a bar below each square of the strip.
constexpr uint64_t kBarWidth = 20, kBarGap = 2, kGraphHeight = 80;

// Tests are told by the shapes that builds have.
Verdict shape_of(TestVerdict verdict) {
  switch (verdict) {
    case TestVerdict::Passed: return Verdict::Passed;
    case TestVerdict::Failed:
    case TestVerdict::Error: return Verdict::Failed;
    case TestVerdict::Skipped: return Verdict::Skipped;
  }
  return Verdict::Skipped;
}

void put_test_verdict(Html& html, TestVerdict verdict) {
  parts::put_mark(html, State::Finished, shape_of(verdict));
  html.raw("<span class=\"hidden\">").text(to_string(verdict)).raw("</span>");
}

const wire::JobTests* job_of(const wire::TestList& tests, JobId job) {
  const auto found = std::find_if(tests.jobs.begin(), tests.jobs.end(),
                                  [job](const wire::JobTests& one) { return one.job == job; });
  return found == tests.jobs.end() ? nullptr : &*found;
}

void put_name(Html& html, const wire::TestList& tests, const wire::TestRow& test) {
  const wire::JobTests* job = job_of(tests, test.job);
  html.raw("<a href=\"");
  html.text(address_of(
      TestRoute{tests.repository, job == nullptr ? "" : job->job_name, test.suite, test.name}));
  html.raw("\">").text(test.name).raw("</a>");
  if (!test.suite.empty()) html.raw(" <span class=\"dim\">").text(test.suite).raw("</span>");
}

void put_since(Html& html, const wire::TestRow& test) {
  html.raw("<span class=\"dim\">fails since ");
  parts::put_build(html, test.failing_since);
  html.raw(" (");
  parts::put_revision(html, test.failing_since_revision);
  html.raw(")").raw(test.failing_longer ? Literal(" or longer") : Literal("")).raw("</span>");
}

void put_row(Html& html, const wire::TestList& tests, const wire::TestRow& test) {
  html.raw("<li><span class=\"test\">");
  put_test_verdict(html, test.verdict);
  html.raw("</span><span class=\"grow\">");
  put_name(html, tests, test);
  html.raw("</span><span class=\"dim num\">")
      .text(words::test_duration(test.duration_ms))
      .raw("</span>");
  if (is_bad(test.verdict)) put_since(html, test);
  if (!test.message.empty())
    html.raw("<span class=\"whole said\">").text(test.message).raw("</span>");
  if (!test.output.empty())
    html.raw("<details class=\"whole\"><summary>what it wrote</summary><pre>")
        .text(test.output)
        .raw("</pre></details>");
  html.raw("</li>\n");
}

void put_numbers(Html& html, const wire::JobTests& job) {
  bool is_first = true;
  auto put = [&](uint64_t count, Literal word, Literal kind) {
    if (count == 0) return;
    if (!is_first) html.raw(", ");
    is_first = false;
    html.raw("<span class=\"").raw(kind).raw("\">").number(count).raw(" ").raw(word).raw("</span>");
  };
  put(job.failed, "failed", "failed");
  put(job.errors, "with an error", "failed");
  put(job.passed, "passed", "passed");
  put(job.skipped, "skipped", "skipped");
  if (is_first) html.raw("none");
}

// Newest last, as on the home page.
void put_strip(Html& html, const wire::TestRuns& runs) {
  html.raw("<p class=\"strip runs\">");
  for (auto run = runs.runs.rbegin(); run != runs.runs.rend(); ++run) {
    html.raw("<a href=\"/builds/").number(run->build.value).raw("\" title=\"build ");
    html.number(run->build.value).raw(": ").text(to_string(run->verdict)).raw("\">");
    put_test_verdict(html, run->verdict);
    html.raw("</a>");
  }
  html.raw("</p>\n");
}

void put_durations(Html& html, const wire::TestRuns& runs) {
  uint64_t longest = 1;
  for (const wire::TestRun& run : runs.runs) longest = std::max(longest, run.duration_ms);
  const uint64_t width = runs.runs.size() * (kBarWidth + kBarGap);
  html.raw("<figure class=\"durations\">\n<svg viewBox=\"0 0 ").number(width).raw(" ");
  html.number(kGraphHeight).raw("\" width=\"").number(width).raw("\" height=\"");
  html.number(kGraphHeight).raw("\" role=\"img\" aria-label=\"How long it took, by build\">\n");
  uint64_t x = 0;
  for (auto run = runs.runs.rbegin(); run != runs.runs.rend(); ++run) {
    const uint64_t height = std::max<uint64_t>(1, run->duration_ms * kGraphHeight / longest);
    html.raw("<rect class=\"");
    html.raw(is_bad(run->verdict) ? Literal("failed") : Literal("passed")).raw("\" x=\"");
    html.number(x).raw("\" y=\"").number(kGraphHeight - height).raw("\" width=\"");
    html.number(kBarWidth).raw("\" height=\"").number(height).raw("\"><title>build ");
    html.number(run->build.value).raw(": ").text(words::test_duration(run->duration_ms));
    html.raw("</title></rect>\n");
    x += kBarWidth + kBarGap;
  }
  html.raw("</svg>\n<figcaption class=\"dim\">How long it took; the highest bar is ");
  html.text(words::test_duration(longest)).raw(".</figcaption>\n</figure>\n");
}

void put_runs(Html& html, const wire::TestRuns& runs, UnixMillis now) {
  html.raw("<ul class=\"rows\">\n");
  for (const wire::TestRun& run : runs.runs) {
    html.raw("<li><span class=\"test\">");
    put_test_verdict(html, run.verdict);
    html.raw("</span><span>");
    parts::put_build(html, run.build);
    html.raw("</span><span class=\"grow\">").text(words::short_ref(run.ref)).raw(" ");
    parts::put_revision(html, run.revision);
    html.raw("</span><span class=\"dim num\">")
        .text(words::test_duration(run.duration_ms))
        .raw("</span>");
    parts::put_time(html.raw("<span class=\"dim\">"), run.finished, now);
    html.raw("</span>");
    if (!run.message.empty())
      html.raw("<span class=\"whole said\">").text(run.message).raw("</span>");
    html.raw("</li>\n");
  }
  html.raw("</ul>\n");
}

}  // namespace

void put_failed_tests(Html& html, const wire::TestList& tests) {
  uint64_t bad = 0;
  for (const wire::JobTests& job : tests.jobs) bad += job.failed + job.errors;
  if (bad == 0) return;
  html.raw("<section class=\"tests\">\n<h2>").text(words::count_of(bad, "failed test"));
  html.raw("</h2>\n<ul class=\"rows\">\n");
  for (const wire::TestRow& test : tests.tests)
    if (is_bad(test.verdict)) put_row(html, tests, test);
  html.raw("</ul>\n");
  if (tests.next != 0)
    html.raw("<p class=\"dim\">These are the first; all stand with their jobs.</p>\n");
  html.raw("</section>\n");
}

void put_test_counts(Html& html, const wire::TestList& tests, JobId id) {
  const wire::JobTests* job = job_of(tests, id);
  if (job == nullptr) return;
  html.raw("<p class=\"summary\"><a href=\"/jobs/").number(id.value).raw("/tests\">Tests</a>: ");
  put_numbers(html, *job);
  html.raw("</p>\n");
  for (const std::string& note : job->notes) parts::put_note(html, note);
}

wire::TestList ask_failed_tests(io::Client& client, BuildId build) {
  wire::ListTests question;
  question.build = build;
  question.failed_only = true;
  question.limit = kFailedOfBuild;
  auto list = client.ask_for<wire::TestList>(question);
  return list ? *std::move(list) : wire::TestList{};
}

Page job_tests_page(const wire::TestList& tests, JobId id) {
  const wire::JobTests* job = job_of(tests, id);
  Page page;
  page.title = "Tests of job " + std::to_string(id.value);
  Html& html = page.main;
  html.raw("<p class=\"path\"><a href=\"/\">Builds</a> / ");
  html.text(words::short_repository(tests.repository)).raw(" / ");
  parts::put_build(html, tests.build);
  html.raw(" / ");
  parts::put_job(html, id, job == nullptr ? "job" : std::string_view(job->job_name));
  html.raw("</p>\n<h1>Tests</h1>\n");
  if (job == nullptr) {
    html.raw("<p>This job left no report of its tests.</p>\n");
    return page;
  }
  html.raw("<p class=\"lead\">");
  put_numbers(html, *job);
  html.raw("</p>\n");
  if (job->left_out > 0)
    html.raw("<p class=\"dim\">").number(job->left_out).raw(" of them are not listed.</p>\n");
  for (const std::string& note : job->notes) parts::put_note(html, note);
  html.raw("<ul class=\"rows\">\n");
  for (const wire::TestRow& test : tests.tests) put_row(html, tests, test);
  html.raw("</ul>\n");
  if (tests.next != 0)
    html.raw("<p><a href=\"/jobs/").number(id.value).raw("/tests?after=").number(tests.next);
  if (tests.next != 0) html.raw("\">more tests</a></p>\n");
  return page;
}

Asked ask_job_tests(io::Client& client, const JobTestsRoute& route, const Asking& asking) {
  wire::ListTests question;
  question.job = route.job;
  question.after = route.after;
  question.limit = kTestsOnPage;
  auto list = client.ask_for<wire::TestList>(question);
  if (!list) return Unexpected{list.error()};
  Page page = job_tests_page(*list, route.job);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

Page test_page(const wire::TestHistory& test, const wire::TestRuns& runs, UnixMillis now) {
  Page page;
  page.title = "Test " + words::printable(test.name, 80);
  Html& html = page.main;
  html.raw("<p class=\"path\"><a href=\"/\">Builds</a> / ");
  html.text(words::short_repository(test.repository)).raw(" / ").text(test.job_name);
  if (!test.suite.empty()) html.raw(" / ").text(test.suite);
  html.raw("</p>\n<h1>").text(test.name).raw("</h1>\n");
  if (runs.runs.empty()) {
    html.raw("<p>None of the newest builds has a test of this name.</p>\n");
    page.status = 404;
    return page;
  }
  const auto bad = static_cast<uint64_t>(
      std::count_if(runs.runs.begin(), runs.runs.end(),
                    [](const wire::TestRun& run) { return is_bad(run.verdict); }));
  html.raw("<p class=\"lead\">Failed in ").number(bad).raw(" of the newest ");
  html.number(runs.runs.size()).raw(" builds that have it.</p>\n");
  put_strip(html, runs);
  put_durations(html, runs);
  put_runs(html, runs, now);
  return page;
}

Asked ask_test(io::Client& client, const TestRoute& route, const Asking& asking) {
  const wire::TestHistory test{route.repository, route.job_name, route.suite, route.name, kRuns};
  auto runs = client.ask_for<wire::TestRuns>(test);
  if (!runs) return Unexpected{runs.error()};
  Page page = test_page(test, *runs, io::wall_now());
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
