#include "reporter/pages/graphs.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "reporter/pages/tests.h"
#include "shared/io/clock.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

void put_fact(Html& html, Literal name, std::string_view value) {
  if (!value.empty())
    html.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>\n");
}

void put_facts(Html& html, const wire::BuildDetail& detail, UnixMillis now) {
  const wire::BuildRow& build = detail.build;
  html.raw("<dl class=\"facts\">\n");
  put_fact(html, "Repository", build.repository);
  put_fact(html, "Ref", build.ref);
  html.raw("<div><dt>Revision</dt><dd><code>").text(build.revision).raw("</code></dd></div>\n");
  put_fact(html, "Author", build.author);
  html.raw("<div><dt>Submitted</dt><dd>");
  parts::put_time(html, build.submitted, now);
  html.raw("</dd></div>\n");
  if (detail.concurrency) put_fact(html, "Group", detail.concurrency->group);
  html.raw("</dl>\n");
}

void put_attempt_time(Html& html, const wire::AttemptRow& attempt, UnixMillis now) {
  if (attempt.outcome)
    html.raw(" after ").text(words::duration(words::between(attempt.assigned, attempt.finished)));
  else
    parts::put_running_time(html.raw(" for "), attempt.assigned, now);
}

// With a link to where it stands in the log, if that was told.
void put_step(Html& html, JobId job, AttemptNumber attempt, const wire::StepResult& step) {
  html.raw("<li>");
  if (step.output_offset > 0) {
    html.raw("<a href=\"/jobs/").number(job.value).raw("/log?attempt=").number(attempt.value);
    html.raw("&amp;offset=").number(step.output_offset).raw("\">");
  }
  html.raw("<code>").text(words::printable(step.name, 80)).raw("</code>");
  html.raw(step.output_offset > 0 ? Literal("</a>") : Literal("")).raw(" exit code ");
  html.text(std::to_string(step.exit_code)).raw(" <span class=\"dim\">after ");
  html.text(words::duration(Duration{static_cast<int64_t>(step.duration_ms)}));
  html.raw("</span></li>\n");
}

void put_attempt(Html& html, JobId job, const wire::AttemptRow& attempt, const Usual& usual,
                 UnixMillis now) {
  html.raw("<li><span class=\"grow\"><a href=\"/jobs/").number(job.value).raw("/log?attempt=");
  html.number(attempt.attempt.value).raw("\">attempt ").number(attempt.attempt.value);
  html.raw("</a> on ").text(attempt.worker).raw(": ");
  parts::put_outcome(html, attempt.outcome);
  put_attempt_time(html, attempt, now);
  html.raw("</span>");
  if (const auto known = usual.find(job); known != usual.end() && !attempt.outcome) {
    html.raw("<span class=\"progress\">");
    parts::put_progress(html, attempt.assigned, known->second, now);
    html.raw("</span>");
  }
  html.raw("<span class=\"dim\">from ");
  parts::put_time(html, attempt.assigned, now);
  html.raw("</span>");
  if (attempt.output_bytes > 0)
    html.raw("<span class=\"dim\">")
        .text(words::bytes(attempt.output_bytes))
        .raw(" of output</span>");
  if (attempt.output_truncated)
    html.raw("<span class=\"why\">cut: it wrote more than is kept</span>");
  if (!attempt.detail.empty())
    html.raw("<span class=\"whole\">").text(attempt.detail).raw("</span>");
  if (!attempt.steps.empty()) {
    html.raw("<ol class=\"steps\">\n");
    for (const wire::StepResult& step : attempt.steps) put_step(html, job, attempt.attempt, step);
    html.raw("</ol>\n");
  }
  html.raw("</li>\n");
}

void put_job(Html& html, const wire::JobRow& job, const wire::TestList& tests, UnixMillis now,
             bool has_buttons, const Usual& usual) {
  html.raw("<section class=\"job\">\n<h3>");
  parts::put_verdict(html, job.state, job.verdict);
  html.raw(" <a href=\"/jobs/").number(job.job.value).raw("/log\">").text(job.name);
  html.raw("</a> <small>job ").number(job.job.value).raw("</small></h3>\n");
  parts::put_note(html, job.why_waiting);
  parts::put_note(html, job.note);
  put_test_counts(html, tests, job.job);
  if (has_buttons) parts::put_actions(html, "/jobs/", job.job.value, job.state == State::Finished);
  if (!job.attempts.empty()) {
    html.raw("<ul class=\"rows\">\n");
    for (const wire::AttemptRow& attempt : job.attempts)
      put_attempt(html, job.job, attempt, usual, now);
    html.raw("</ul>\n");
  }
  html.raw("</section>\n");
}

void put_timeline(Html& html, const wire::BuildDetail& detail, UnixMillis now) {
  if (detail.timeline.empty()) return;
  html.raw("<section>\n<h2>Timeline</h2>\n<ol class=\"timeline\">\n");
  for (const wire::EventRow& event : detail.timeline) {
    html.raw("<li>");
    parts::put_time(html, event.at, now);
    html.raw(" <span>").text(words::sentence(event)).raw("</span></li>\n");
  }
  html.raw("</ol>\n</section>\n");
}

}  // namespace

Page build_page(const wire::BuildDetail& detail, UnixMillis now, const wire::TestList& tests,
                bool has_buttons, const Usual& usual) {
  const wire::BuildRow& build = detail.build;
  Page page;
  // Not how long it has run so far: what is said aloud when it changes is the state.
  page.title = "Build " + std::to_string(build.build.value) + " " +
               (build.verdict ? words::standing(build, now) : std::string(to_string(build.state)));
  page.is_live = true;
  page.only = build.build;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<p class=\"path\"><a href=\"/\">Builds</a> / ");
  parts::put_repository(html, build.repository);
  parts::put_ref(html.raw(" / "), build.repository, build.ref);
  html.raw("</p>\n<h1>Build ").number(build.build.value).raw(" ");
  parts::put_verdict(html, build.state, build.verdict);
  html.raw(" <small>");
  if (build.state == State::Running)
    parts::put_running_time(html.raw("for "), build.started, now);
  else if (!words::took(build, now).empty())
    html.raw("in ").text(words::took(build, now));
  html.raw("</small></h1>\n<p class=\"lead\">").text(build.subject).raw("</p>\n");
  put_facts(html, detail, now);
  if (has_buttons)
    parts::put_actions(html, "/builds/", build.build.value, build.state == State::Finished);
  put_failed_tests(html, tests);
  html.raw("<section>\n<h2>Jobs</h2>\n");
  put_job_graph(html, detail.jobs);
  for (const wire::JobRow& job : detail.jobs) put_job(html, job, tests, now, has_buttons, usual);
  html.raw("</section>\n");
  put_timeline(html, detail, now);
  html.raw("</div>\n");
  return page;
}

namespace {

std::vector<wire::RunningJob> running_of(const wire::BuildDetail& detail) {
  std::vector<wire::RunningJob> running;
  for (const wire::JobRow& job : detail.jobs)
    if (job.state == State::Running && !job.attempts.empty())
      running.push_back({job.job, job.attempts.back().attempt, detail.build.build,
                         detail.build.repository, detail.build.revision, job.name,
                         job.attempts.back().worker, job.attempts.back().assigned});
  return running;
}

}  // namespace

Asked ask_build(io::Client& client, BuildId build, const Asking& asking) {
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{build, {}, false});
  if (!detail) return Unexpected{detail.error()};
  const auto usual = fetch_usual(client, running_of(*detail));
  if (!usual) return Unexpected{usual.error()};
  Page page = build_page(*detail, io::wall_now(), ask_failed_tests(client, build),
                         asking.has_buttons, *usual);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
