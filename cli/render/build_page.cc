// The page of one build: what `seaworthy show` prints.
#include "cli/render/pages.h"
#include "cli/render/story.h"
#include "cli/render/tests.h"
#include "cli/render/text.h"

namespace seaworthy::cli::render {
namespace {

std::string field(std::string_view name, std::string_view value) {
  constexpr size_t kColumn = 12;
  if (value.empty()) return "";
  std::string line = "  " + std::string(name);
  line.append(kColumn - name.size(), ' ');
  return line + std::string(value) + "\n";
}

std::string attempt_ended(const wire::AttemptRow& attempt, UnixMillis now) {
  const std::string length =
      duration(between(attempt.assigned, attempt.finished ? attempt.finished : now));
  if (!attempt.outcome) return "running for " + length;
  return std::string(to_string(*attempt.outcome)) + " after " + length;
}

std::string attempt_part(const wire::AttemptRow& attempt, UnixMillis now) {
  std::string text = "    attempt " + std::to_string(attempt.attempt.value) + " on " +
                     printable(attempt.worker) + ": " + attempt_ended(attempt, now);
  if (attempt.output_bytes > 0) text += ", " + bytes(attempt.output_bytes) + " of output";
  if (attempt.output_truncated) text += " (cut: it wrote more than is kept)";
  text += "\n";
  if (!attempt.detail.empty()) text += "      " + printable(attempt.detail) + "\n";
  for (const wire::StepResult& step : attempt.steps)
    text += "      step " + printable(step.name, 80) + ": exit code " +
            std::to_string(step.exit_code) + " after " +
            duration(Duration{static_cast<int64_t>(step.duration_ms)}) + "\n";
  return text;
}

// A note may be a whole explanation of several lines.
std::string indented(std::string_view lines, size_t indent) {
  std::string text;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    text += std::string(indent, ' ') + printable(lines.substr(0, end)) + "\n";
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

std::string job_part(const wire::JobRow& job, const wire::TestList& tests, UnixMillis now,
                     const Style& style) {
  std::string text = "  job " + std::to_string(job.job.value) + " " +
                     style.paint(Colour::Bold, printable(job.name)) + ": " +
                     (job.verdict ? style.paint(*job.verdict) : std::string(to_string(job.state)));
  if (!job.why_waiting.empty()) text += ", " + printable(job.why_waiting);
  text += "\n" + indented(job.note, 4);
  for (const wire::AttemptRow& attempt : job.attempts) text += attempt_part(attempt, now);
  text += failed_of_job(tests, job.job, style);
  return text;
}

}  // namespace

std::string build_page(const wire::BuildDetail& detail, const wire::TestList& tests, UnixMillis now,
                       const Style& style) {
  const wire::BuildRow& build = detail.build;
  const Colour colour = build.verdict ? colour_of(*build.verdict) : Colour::Plain;
  std::string text = style.paint(Colour::Bold, "build " + std::to_string(build.build.value)) + " " +
                     style.paint(colour, standing(build, now)) + "\n";
  text += field("repository", printable(build.repository));
  text += field("ref", printable(build.ref));
  text += field("revision", printable(build.revision));
  text += field("commit", printable(build.subject));
  text += field("author", printable(build.author));
  text += field("submitted", date_time(build.submitted));
  if (detail.concurrency) text += field("group", printable(detail.concurrency->group));
  text += "\nJobs\n";
  for (const wire::JobRow& job : detail.jobs) text += job_part(job, tests, now, style);
  if (!detail.timeline.empty()) text += "\nTimeline\n";
  for (const wire::EventRow& event : detail.timeline)
    text += "  " + style.paint(Colour::Dim, time_of_day(event.at)) + "  " + sentence(event) + "\n";
  return text;
}

}  // namespace seaworthy::cli::render
