#include "reporter/pages/parts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "reporter/percent.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::parts {
namespace {

struct Shape {
  Literal name;  // its class
  Literal path;  // in a square of 16
};

Shape shape_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed: return {"passed", "<path d=\"M3 8.5l3.3 3.3L13 5\"/>"};
    case Verdict::Failed: return {"failed", "<path d=\"M4 4l8 8M12 4l-8 8\"/>"};
    case Verdict::Flaky: return {"flaky", "<path d=\"M2 10l3-5 3 5 3-5 3 5\"/>"};
    case Verdict::Cancelled: return {"cancelled", "<path d=\"M3.5 8h9\"/>"};
    case Verdict::Skipped: return {"skipped", "<path d=\"M4 4l4 4-4 4M9 4l4 4-4 4\"/>"};
    case Verdict::Inconclusive:
      return {"inconclusive",
              "<path d=\"M5.5 6a2.5 2.5 0 1 1 3.7 2.2c-.8.5-1.2.9-1.2 1.8M8 12.6v.1\"/>"};
  }
  return {"queued", ""};
}

Shape shape_of(State state) {
  if (state == State::Running) return {"running", "<path d=\"M5 3.5l7 4.5-7 4.5z\"/>"};
  return {"queued", "<circle cx=\"8\" cy=\"8\" r=\"3.5\"/>"};
}

Shape shape_of(State state, std::optional<Verdict> verdict) {
  return verdict ? shape_of(*verdict) : shape_of(state);
}

std::string_view word_of(State state, std::optional<Verdict> verdict) {
  return verdict ? to_string(*verdict) : to_string(state);
}

void put_shape(Html& html, const Shape& shape) {
  html.raw("<svg class=\"mark\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">")
      .raw(shape.path)
      .raw("</svg>");
}

void put_words(Html& html, const Shape& shape, std::string_view word) {
  html.raw("<span class=\"verdict ").raw(shape.name).raw("\">");
  put_shape(html, shape);
  html.text(word).raw("</span>");
}

std::string spelled(UnixMillis at, bool in_utc, const char* format) {
  const std::time_t seconds = static_cast<std::time_t>(at.value / 1000);
  std::tm parts{};
  if ((in_utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == nullptr) return "-";
  std::array<char, 64> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), format, &parts));
}

}  // namespace

void put_mark(Html& html, State state, std::optional<Verdict> verdict) {
  const Shape shape = shape_of(state, verdict);
  html.raw("<span class=\"square ").raw(shape.name).raw("\">");
  put_shape(html, shape);
  html.raw("</span>");
}

void put_mark_at(Html& html, State state, std::optional<Verdict> verdict, uint64_t x, uint64_t y) {
  html.raw("<svg class=\"mark\" width=\"16\" height=\"16\" viewBox=\"0 0 16 16\" x=\"").number(x);
  html.raw("\" y=\"").number(y).raw("\" aria-hidden=\"true\">");
  html.raw(shape_of(state, verdict).path).raw("</svg>");
}

void put_progress(Html& html, UnixMillis since, Duration usual, UnixMillis now) {
  const auto done = static_cast<uint64_t>(words::between(since, now).count());
  const auto all = static_cast<uint64_t>(std::max<int64_t>(usual.count(), 1));
  const std::string usually = words::duration(usual);
  // Never full before its end.
  html.raw("<progress max=\"")
      .number(all)
      .raw("\" value=\"")
      .number(std::min(done, all - all / 50));
  html.raw("\" data-ms-done=\"").number(done).raw("\" aria-label=\"usually takes ").text(usually);
  html.raw("\"></progress><span class=\"dim num ends\">");
  if (done > all + all / 4)
    html.raw("longer than usual: ").text(usually);
  else
    html.raw("ends about ").text(words::time_of_day(UnixMillis{since.value + usual.count()}));
  html.raw("</span>");
}

void put_verdict(Html& html, State state, std::optional<Verdict> verdict) {
  put_words(html, shape_of(state, verdict), word_of(state, verdict));
}

void put_outcome(Html& html, std::optional<Outcome> outcome) {
  if (!outcome) return put_words(html, shape_of(State::Running), "running");
  switch (*outcome) {
    case Outcome::Passed: return put_words(html, shape_of(Verdict::Passed), "passed");
    case Outcome::Failed: return put_words(html, shape_of(Verdict::Failed), "failed");
    case Outcome::TimedOut: return put_words(html, shape_of(Verdict::Failed), "timed out");
    case Outcome::Cancelled: return put_words(html, shape_of(Verdict::Cancelled), "cancelled");
    case Outcome::Lost: return put_words(html, shape_of(Verdict::Inconclusive), "lost");
    case Outcome::Broken: return put_words(html, shape_of(Verdict::Inconclusive), "broken");
  }
}

void put_time(Html& html, UnixMillis at, UnixMillis now) {
  if (!at) {
    html.raw("–");
    return;
  }
  const std::string date = spelled(at, false, "%Y-%m-%d");
  const bool is_today = date == spelled(now, false, "%Y-%m-%d");
  html.raw("<time datetime=\"")
      .text(spelled(at, true, "%Y-%m-%dT%H:%M:%SZ"))
      .raw("\" title=\"")
      .text(spelled(at, false, "%Y-%m-%d %H:%M:%S %Z"))
      .raw("\">")
      .text(is_today ? words::time_of_day(at) : date + spelled(at, false, " %H:%M"))
      .raw("</time>");
}

void put_running_time(Html& html, UnixMillis since, UnixMillis now) {
  html.raw("<span data-ms=\"")
      .number(static_cast<uint64_t>(words::between(since, now).count()))
      .raw("\">")
      .text(words::duration(words::between(since, now)))
      .raw("</span>");
}

void put_build(Html& html, BuildId build) {
  html.raw("<a href=\"/builds/").number(build.value).raw("\">build ").number(build.value);
  html.raw("</a>");
}

void put_job(Html& html, JobId job, std::string_view name) {
  html.raw("<a href=\"/jobs/").number(job.value).raw("/log\">").text(name).raw("</a>");
}

void put_revision(Html& html, std::string_view revision) {
  html.raw("<code class=\"revision\" title=\"").text(revision).raw("\">");
  html.text(revision.substr(0, 10)).raw("</code>");
}

void put_repository(Html& html, std::string_view repository) {
  html.raw("<a href=\"").text(address_of(repository, "")).raw("\" title=\"");
  html.text(repository).raw("\">").text(words::short_repository(repository)).raw("</a>");
}

void put_ref(Html& html, std::string_view repository, std::string_view ref) {
  html.raw("<a href=\"").text(address_of(repository, ref)).raw("\">");
  html.text(words::short_ref(ref)).raw("</a>");
}

std::string address_of(std::string_view repository, std::string_view ref) {
  std::string address = "/repositories/" + percent_encoded(repository);
  if (!ref.empty()) address += "?ref=" + percent_encoded(ref);
  return address;
}

std::string_view name_of(std::string_view author) {
  const size_t address = author.find(" <");
  return address == 0 ? author : author.substr(0, address);
}

void put_actions(Html& html, Literal path, uint64_t number, bool is_finished) {
  html.raw("<p class=\"dim\">");
  if (!is_finished) html.raw("<a href=\"").raw(path).number(number).raw("/cancel\">Cancel…</a> ");
  html.raw("<a href=\"").raw(path).number(number).raw("/retry\">Retry…</a></p>\n");
}

void put_note(Html& html, std::string_view note) {
  if (!note.empty()) html.raw("<p class=\"note\">").text(note).raw("</p>\n");
}

}  // namespace seaworthy::reporter::parts
