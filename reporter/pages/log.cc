#include "reporter/live_log.h"
#include "reporter/log_lines.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

const wire::JobRow* find_job(const LogFacts& facts) {
  for (const wire::JobRow& job : facts.detail.jobs)
    if (job.job == facts.job) return &job;
  return nullptr;
}

void put_raw_link(Html& html, JobId job, AttemptNumber attempt) {
  html.raw("<a href=\"/jobs/").number(job.value).raw("/log.txt");
  if (attempt) html.raw("?attempt=").number(attempt.value);
  html.raw("\">raw text</a>");
}

void put_attempts(Html& html, const wire::JobRow& job, AttemptNumber shown) {
  if (job.attempts.size() < 2) return;
  html.raw("<nav class=\"attempts\" aria-label=\"Attempts\">");
  for (const wire::AttemptRow& attempt : job.attempts) {
    html.raw("<a href=\"/jobs/").number(job.job.value).raw("/log?attempt=");
    html.number(attempt.attempt.value).raw("\"");
    if (attempt.attempt == shown) html.raw(" aria-current=\"page\"");
    html.raw(">attempt ").number(attempt.attempt.value).raw(" ");
    parts::put_outcome(html, attempt.outcome);
    html.raw("</a>");
  }
  html.raw("</nav>\n");
}

void put_attempt(Html& html, const wire::JobRow& job, AttemptNumber shown, UnixMillis now) {
  for (const wire::AttemptRow& attempt : job.attempts) {
    if (attempt.attempt != shown) continue;
    html.raw("<p class=\"summary\">attempt ").number(shown.value).raw(" on ").text(attempt.worker);
    html.raw(": ");
    parts::put_outcome(html, attempt.outcome);
    if (attempt.outcome)
      html.raw(" after ").text(words::duration(words::between(attempt.assigned, attempt.finished)));
    else
      parts::put_running_time(html.raw(" for "), attempt.assigned, now);
    html.raw("</p>\n");
    parts::put_note(html, attempt.detail);
  }
}

// Where the page's script asks for what comes next.
void put_lines(Html& html, const LogFacts& facts, const LogStretch& last) {
  html.raw("<div id=\"log\" tabindex=\"0\" role=\"log\" aria-live=\"off\" aria-label=\"Output\"");
  html.raw(" data-job=\"").number(facts.job.value).raw("\" data-attempt=\"");
  html.number(facts.attempt.value).raw("\" data-offset=\"").number(last.next.offset);
  html.raw("\" data-line=\"").number(last.next.line).raw("\" data-look=\"");
  html.text(last.next.look.word()).raw("\"");
  if (!facts.complete) html.raw(" data-growing=\"\"");
  html.raw(">");
}

void put_output(Html& html, const LogFacts& facts) {
  if (facts.start.empty() && facts.complete) html.raw("<p class=\"note\">It wrote nothing.</p>\n");
  const bool is_all = facts.end_offset == 0;
  LogStretch start = render_log(facts.start, {}, facts.complete || !is_all);
  if (is_all) {
    put_lines(html, facts, start);
    html.append(start.lines).raw("</div>\n");
    return;
  }
  LogStretch end = render_log(facts.end, {facts.end_offset, 0, {}}, facts.complete);
  put_lines(html, facts, end);
  html.append(start.lines).raw("<p class=\"gap\">");
  html.text(words::bytes(facts.end_offset - facts.start.size()));
  html.raw(" between are not shown here: ");
  put_raw_link(html, facts.job, facts.attempt);
  html.raw(" has all of it</p>\n").append(end.lines).raw("</div>\n");
}

// Up to `most` bytes from `offset` on; says what the last piece said.
Asked fetch_stretch(io::Client& client, JobId job, AttemptNumber attempt, uint64_t offset,
                    size_t most) {
  Asked all = fetch_output(client, job, attempt, offset);
  while (all && !all->complete && !all->bytes.empty() && all->bytes.size() < most) {
    Asked more = fetch_output(client, job, all->attempt, offset + all->bytes.size());
    if (!more) return more;
    if (more->bytes.empty() && !more->complete) break;
    all->bytes += more->bytes;
    all->complete = more->complete;
  }
  return all;
}

uint64_t output_bytes(const LogFacts& facts) {
  if (const wire::JobRow* job = find_job(facts))
    for (const wire::AttemptRow& attempt : job->attempts)
      if (attempt.attempt == facts.attempt) return attempt.output_bytes;
  return 0;
}

// The end of a long one, from the first line that begins in it.
Result<Done, io::ClientError> fetch_end(io::Client& client, LogFacts& facts) {
  const uint64_t known = std::max<uint64_t>(output_bytes(facts), facts.start.size());
  const uint64_t from = std::max<uint64_t>(
      facts.start.size(), known > limits::kLogPageBytes ? known - limits::kLogPageBytes : 0);
  Asked end = fetch_stretch(client, facts.job, facts.attempt, from, 2 * limits::kLogPageBytes);
  if (!end) return Unexpected{end.error()};
  facts.complete = end->complete;
  if (from == facts.start.size()) {  // nothing lies between
    facts.start += end->bytes;
    return Done{};
  }
  const size_t newline = end->bytes.find('\n');
  const size_t skipped = newline == std::string::npos ? 0 : newline + 1;
  facts.end_offset = from + skipped;
  facts.end = end->bytes.substr(skipped);
  return Done{};
}

}  // namespace

Page log_page(const LogFacts& facts, UnixMillis now) {
  const wire::BuildRow& build = facts.detail.build;
  const wire::JobRow* found = find_job(facts);
  const wire::JobRow job = found != nullptr ? *found : wire::JobRow{};
  Page page;
  page.title = words::printable(job.name, 60) + " · log of job " + std::to_string(facts.job.value);
  page.is_live = true;
  page.only = build.build;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<p class=\"path\"><a href=\"/\">Builds</a> / ");
  html.text(words::short_repository(build.repository)).raw(" / ");
  html.text(words::short_ref(build.ref)).raw(" / ");
  parts::put_build(html, build.build);
  html.raw("</p>\n<h1>").text(job.name).raw(" ");
  parts::put_verdict(html, job.state, job.verdict);
  html.raw("</h1>\n");
  put_attempts(html, job, facts.attempt);
  put_attempt(html, job, facts.attempt, now);
  parts::put_note(html, job.why_waiting);
  if (facts.attempt) parts::put_note(html, job.note);
  html.raw("<p class=\"tools\">");
  put_raw_link(html, facts.job, facts.attempt);
  html.raw("<a href=\"#end\" id=\"to-end\">to the end</a></p>\n</div>\n");
  if (!facts.complete)
    html.raw(
        "<noscript><p class=\"note\">This job still writes. Load the page again for more, or "
        "follow the raw text with <code>curl -N</code>.</p></noscript>\n");
  put_output(html, facts);
  html.raw("<p id=\"end\" class=\"dim\">");
  if (facts.complete)
    html.raw("end of the output</p>\n");
  else
    html.raw(facts.attempt ? Literal("it goes on here</p>\n") : Literal("nothing yet</p>\n"));
  return page;
}

Asked ask_log(io::Client& client, const LogRoute& route, const Asking& asking) {
  LogFacts facts;
  facts.job = route.job;
  Asked start = fetch_stretch(client, route.job, route.attempt, 0, limits::kLogPageBytes);
  if (!start) return start;
  // After the output: a verdict that came between belongs to all of it.
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{{}, route.job, false});
  if (!detail) return Unexpected{detail.error()};
  facts.detail = std::move(*detail);
  facts.attempt = start->attempt;
  facts.start = std::move(start->bytes);
  facts.complete = start->complete;
  if (!facts.complete && facts.start.size() >= limits::kLogPageBytes)
    if (auto done = fetch_end(client, facts); !done) return Unexpected{done.error()};
  Page page = log_page(facts, io::wall_now());
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

Asked ask_log_tail(io::Client& client, const LogTailRoute& route) {
  Asked piece = fetch_output(client, route.job, route.attempt, route.offset);
  if (!piece) return piece;
  const LogStretch stretch =
      render_log(piece->bytes, {route.offset, route.line, route.look}, piece->complete);
  LogFacts facts;
  facts.job = route.job;
  facts.attempt = piece->attempt;
  facts.complete = piece->complete;
  Html html;
  put_lines(html, facts, stretch);
  html.append(stretch.lines).raw("</div>\n");
  Found found;
  found.answer.body = html.markup();
  found.answer.cache_control = "no-store";
  return found;
}

}  // namespace seaworthy::reporter::pages
