#include "reporter/pages/log.h"

#include <algorithm>

#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr uint64_t kPageRows = 1'000;
constexpr uint64_t kPageBytes = 192 * 1024;
constexpr uint64_t kLinesBefore = 10;  // the one that is asked for

const wire::JobRow* find_job(const LogFacts& facts) {
  for (const wire::JobRow& job : facts.detail.jobs)
    if (job.job == facts.job) return &job;
  return nullptr;
}

const wire::AttemptRow* find_attempt(const LogFacts& facts) {
  if (const wire::JobRow* job = find_job(facts))
    for (const wire::AttemptRow& attempt : job->attempts)
      if (attempt.attempt == facts.measure.extent.attempt.attempt) return &attempt;
  return nullptr;
}

Literal word_of(TimesShown times) {
  return times == TimesShown::Relative ? Literal("relative") : Literal("absolute");
}

// Up to the first parameter, or behind it.
void put_address(Html& html, const LogFacts& facts, Literal page) {
  html.raw("/jobs/").number(facts.job.value).raw(page).raw("?attempt=");
  html.number(facts.measure.extent.attempt.attempt.value);
  if (facts.times != TimesShown::None) html.raw("&amp;time=").raw(word_of(facts.times));
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

void put_attempt(Html& html, const wire::AttemptRow& attempt, UnixMillis now) {
  html.raw("<p class=\"summary\">attempt ").number(attempt.attempt.value).raw(" on ");
  html.text(attempt.worker).raw(": ");
  parts::put_outcome(html, attempt.outcome);
  if (attempt.outcome)
    html.raw(" after ").text(words::duration(words::between(attempt.assigned, attempt.finished)));
  else
    parts::put_running_time(html.raw(" for "), attempt.assigned, now);
  html.raw("</p>\n");
  parts::put_note(html, attempt.detail);
}

// Links to where each begins; the page's script makes of them what can be folded.
void put_sections(Html& html, const LogFacts& facts) {
  if (facts.sections.empty()) return;
  html.raw("<nav id=\"steps\" aria-label=\"Steps\"><ol>\n");
  for (size_t i = 0; i < facts.sections.size(); ++i) {
    const LogSection& section = facts.sections[i];
    html.raw("<li data-offset=\"").number(section.offset).raw("\"");
    if (!facts.section_rows.empty())
      html.raw(" data-row=\"").number(facts.section_rows[i]).raw("\"");
    if (section.is_open) html.raw(" data-open=\"\"");
    if (section.is_failed()) html.raw(" data-failed=\"\"");
    html.raw("><a href=\"");
    put_address(html, facts, "/log");
    html.raw("&amp;offset=").number(section.offset).raw("\"><span class=\"name\">");
    html.text(words::printable(section.name, 80)).raw("</span>");
    if (section.exit_code) {
      parts::put_outcome(html.raw(" "), section.is_failed() ? Outcome::Failed : Outcome::Passed);
      if (section.is_failed())
        html.raw(" <span class=\"exit\">exit code ")
            .text(std::to_string(*section.exit_code))
            .raw("</span>");
      html.raw(" <span class=\"num dim\">");
      html.text(words::duration(Duration{static_cast<int64_t>(section.duration_ms)}));
      html.raw("</span>");
    }
    html.raw("</a></li>\n");
  }
  html.raw("</ol></nav>\n");
}

void put_switch(Html& html, Literal name, Literal label, Literal words, bool is_on) {
  html.raw("<label class=\"switch\" title=\"")
      .raw(words)
      .raw("\"><input type=\"checkbox\" name=\"");
  html.raw(name).raw("\"").raw(is_on ? Literal(" checked") : Literal(""));
  html.raw("><span aria-hidden=\"true\">").raw(label).raw("</span><span class=\"hidden\">");
  html.raw(words).raw("</span></label>");
}

void put_tools(Html& html, const LogFacts& facts) {
  const LogQuery query = facts.hits ? facts.hits->query : LogQuery{};
  html.raw("<div class=\"tools\" id=\"tools\">\n<form role=\"search\" action=\"/jobs/");
  html.number(facts.job.value).raw("/log\"><input type=\"hidden\" name=\"attempt\" value=\"");
  html.number(facts.measure.extent.attempt.attempt.value);
  if (facts.times != TimesShown::None)
    html.raw("\"><input type=\"hidden\" name=\"time\" value=\"").raw(word_of(facts.times));
  html.raw(
      "\"><input type=\"search\" name=\"q\" id=\"q\" maxlength=\"1000\" placeholder=\"Search\" ");
  html.raw(
      "aria-label=\"Search in the output\" autocomplete=\"off\" spellcheck=\"false\" value=\"");
  html.text(query.text).raw("\">");
  put_switch(html, "case", "Aa", "Upper and lower case differ", query.has_case);
  put_switch(html, "regex", ".*", "Regular expression", query.is_regex);
  html.raw(
      "<button>find</button><span id=\"found\" role=\"status\"></span><button type=\"button\" "
      "id=\"previous\" aria-label=\"Previous find\" hidden>↑</button><button type=\"button\" "
      "id=\"next\" aria-label=\"Next find\" hidden>↓</button></form>\n<span class=\"links\">"
      "<button type=\"button\" id=\"first-error\" hidden>first error</button><button "
      "type=\"button\" id=\"follow\" aria-pressed=\"false\" hidden>follow</button><button "
      "type=\"button\" id=\"wrap\" aria-pressed=\"true\" hidden>wrap</button><button "
      "type=\"button\" id=\"times\" aria-pressed=\"false\" hidden>times</button><a href=\"");
  put_address(html, facts, "/log.txt");
  html.raw("\">raw text</a><a href=\"");
  put_address(html, facts, "/log.txt");
  html.raw("\" download=\"job-").number(facts.job.value).raw("-attempt-");
  html.number(facts.measure.extent.attempt.attempt.value)
      .raw(".log\">download</a></span>\n</div>\n");
}

void put_pager(Html& html, const LogFacts& facts) {
  const LogWindow& window = facts.window;
  const uint64_t all = facts.measure.extent.bytes;
  const bool has_more = window.next.offset < all && window.count > 0;
  if (window.first.offset == 0 && !has_more) return;
  html.raw("<nav class=\"pager\" aria-label=\"Pages of the output\">");
  auto put = [&](bool is_there, uint64_t offset, Literal words) {
    if (!is_there) return;
    html.raw("<a href=\"");
    put_address(html, facts, "/log");
    html.raw("&amp;offset=").number(offset).raw("\">").raw(words).raw("</a>");
  };
  const uint64_t first = window.first.offset;
  put(first > 0, 0, "start");
  put(first > 0, facts.before, "before");
  html.raw("<span class=\"dim\">");
  if (window.first.line > 0) {
    html.raw("lines ").number(window.first.line).raw(" to ");
    html.number(std::max(window.first.line, window.next.line - (window.next.continues ? 0 : 1)));
    html.raw(" of ").number(facts.measure.lines);
    if (facts.measure.known_bytes < all) html.raw(" and more");
  } else {
    html.text(words::bytes(first)).raw(" into ").text(words::bytes(all));
  }
  html.raw("</span>");
  put(has_more, window.next.offset, "after");
  put(has_more, all - 1, "end");
  html.raw("</nav>\n");
}

void put_hits(Html& html, const LogFacts& facts) {
  const LogHits& hits = *facts.hits;
  if (!hits.trouble.empty()) return parts::put_note(html, hits.trouble);
  html.raw("<p class=\"summary\">").text(words::count_of(hits.count, "line")).raw(" found");
  if (hits.count > hits.shown.size()) html.raw(", the first ").number(hits.shown.size());
  html.raw("</p>\n<ol class=\"output\">\n");
  for (const LogScan::Hit& hit : hits.shown) {
    Look look = hit.at.look;
    html.raw("<li><a href=\"");
    put_address(html, facts, "/log");
    html.raw("&amp;line=").number(hit.at.line).raw("#L").number(hit.at.line).raw("\">");
    html.number(hit.at.line).raw("</a><span>").append(ansi_line(hit.text, look));
    html.raw("</span></li>\n");
  }
  html.raw("</ol>\n");
}

void put_output(Html& html, const LogFacts& facts) {
  const LogMeasure& measure = facts.measure;
  html.raw("<div id=\"log\" tabindex=\"0\" role=\"log\" aria-live=\"off\" aria-label=\"Output\"");
  html.raw(" data-job=\"").number(facts.job.value).raw("\"");
  put_measure(html, measure, facts.window.first);
  if (facts.times != TimesShown::None)
    html.raw(" data-times=\"").raw(word_of(facts.times)).raw("\"");
  html.raw(">");
  if (facts.hits)
    put_hits(html, facts);
  else if (facts.window.count > 0)
    html.raw("<ol class=\"output\">\n").append(facts.window.rows).raw("</ol>\n");
  html.raw("</div>\n");
  if (!facts.hits) put_pager(html, facts);
  html.raw("<p id=\"end\" class=\"dim\">");
  if (!measure.extent.is_final)
    html.raw(measure.extent.attempt.attempt ? Literal("it goes on here") : Literal("nothing yet"));
  else if (measure.extent.bytes == 0)
    html.raw("it wrote nothing");
  else if (facts.window.next.offset >= measure.extent.bytes)
    html.raw("end of the output");
  html.raw("</p>\n");
}

}  // namespace

Page log_page(const LogFacts& facts, UnixMillis now, bool has_buttons) {
  const wire::BuildRow& build = facts.detail.build;
  const wire::JobRow* found = find_job(facts);
  const wire::JobRow job = found != nullptr ? *found : wire::JobRow{};
  const AttemptNumber shown = facts.measure.extent.attempt.attempt;
  Page page;
  page.title = words::printable(job.name, 60) + " · log of job " + std::to_string(facts.job.value);
  page.is_live = true;
  page.only = build.build;
  page.is_log = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<p class=\"path\"><a href=\"/\">Builds</a> / ");
  parts::put_repository(html, build.repository);
  html.raw(" / ");
  parts::put_ref(html, build.repository, build.ref);
  html.raw(" / ");
  parts::put_build(html, build.build);
  html.raw("</p>\n<h1>").text(job.name).raw(" ");
  parts::put_verdict(html, job.state, job.verdict);
  html.raw("</h1>\n");
  put_attempts(html, job, shown);
  if (const wire::AttemptRow* attempt = find_attempt(facts)) put_attempt(html, *attempt, now);
  parts::put_note(html, job.why_waiting);
  if (shown) parts::put_note(html, job.note);
  if (has_buttons)
    parts::put_actions(html, "/jobs/", facts.job.value, job.state == State::Finished);
  put_sections(html, facts);
  html.raw("</div>\n");
  put_tools(html, facts);
  if (!facts.measure.extent.is_final)
    html.raw(
        "<noscript><p class=\"note\">This job still writes. Load the page again for more, or "
        "follow the raw text with <code>curl -N</code>.</p></noscript>\n");
  put_output(html, facts);
  return page;
}

namespace {

// The offset at which a page begins that ends at this place.
uint64_t begin_of_page_to(io::Client& client, const Logs::Log& log, const LogPosition& end) {
  const uint64_t by_bytes = end.offset > kPageBytes ? end.offset - kPageBytes : 0;
  if (end.line == 0) return by_bytes;
  const uint64_t row = end.row > kPageRows ? end.row - kPageRows : 0;
  return std::max(by_bytes, cursor_at_row(client, log, row).at().offset);
}

// Where a page begins: where its address says, else with the step that failed, or with the end of
// what still grows.
LogCursor place_of(io::Client& client, const Logs::Log& log, const LogRoute& route,
                   const std::vector<LogSection>& sections) {
  const uint64_t last = log.extent.bytes - std::min<uint64_t>(1, log.extent.bytes);
  if (route.line) {
    const uint64_t line = std::min(*route.line, std::max<uint64_t>(log.index.lines(), 1));
    return cursor_at_line(client, log, line > kLinesBefore ? line - kLinesBefore : 1);
  }
  if (route.offset) {
    const LogCursor place = cursor_at_offset(client, log, std::min(*route.offset, last));
    if (!log.is_known()) return place;
    // The last page is a whole one.
    const LogPosition end{log.extent.bytes, log.index.lines() + 1, log.index.rows(), {}, false};
    const uint64_t last_page = begin_of_page_to(client, log, end);
    return cursor_at_offset(client, log, std::min(place.at().offset, last_page));
  }
  for (const LogSection& section : sections)
    if (section.is_failed()) return cursor_at_offset(client, log, section.offset);
  if (!log.extent.is_final && last > kPageBytes / 2)
    return cursor_at_offset(client, log, last - kPageBytes / 2);
  return cursor_at_row(client, log, 0);
}

bool reaches(const Logs::Log& log, const LogRoute& route) {
  return (!route.line || log.reaches_line(*route.line)) &&
         (!route.offset || log.reaches_offset(*route.offset));
}

}  // namespace

Asked ask_log(io::Client& client, Logs& logs, const LogRoute& route, LogScan* scan,
              const Asking& asking) {
  const auto read = logs.read_on(client, route.job, route.attempt);
  if (!read) return Unexpected{read.error()};
  const Logs::Log& log = **read;
  Found found;
  found.is_not_done = !reaches(log, route);
  if (found.is_not_done) return found;
  LogFacts facts;
  facts.job = route.job;
  facts.measure = measure_of(log);
  facts.times = route.times;
  if (!route.query.text.empty()) facts.hits = LogHits{route.query, "", 0, {}};
  if (scan != nullptr) {
    const auto done = scan->go_on(client, log);
    if (!done) return Unexpected{done.error()};
    found.is_not_done = !*done;
    if (found.is_not_done) return found;
    facts.hits->count = scan->count();
    facts.hits->shown = scan->shown();
  } else if (facts.hits) {
    facts.hits->trouble = LogSearch::of(route.query).error();
  }
  // After the output: a verdict that came between belongs to all of it.
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{{}, route.job, false});
  if (!detail) return Unexpected{detail.error()};
  facts.detail = std::move(*detail);
  if (const wire::AttemptRow* attempt = find_attempt(facts)) facts.sections = sections_of(*attempt);
  if (log.is_known() && !facts.sections.empty()) {
    std::vector<uint64_t> offsets;
    for (const LogSection& section : facts.sections) offsets.push_back(section.offset);
    auto rows = rows_of(client, log, offsets);
    if (!rows) return Unexpected{rows.error()};
    facts.section_rows = std::move(*rows);
  }
  if (!facts.hits) {
    auto window = window_at(place_of(client, log, route, facts.sections), kPageRows, kPageBytes);
    if (!window) return Unexpected{window.error()};
    facts.window = std::move(*window);
    facts.before = begin_of_page_to(client, log, facts.window.first);
  }
  Page page = log_page(facts, io::wall_now(), asking.has_buttons);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
