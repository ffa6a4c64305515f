#include "cli/render/story.h"

#include "cli/render/text.h"

namespace seaworthy::cli::render {
namespace {

using wire::EventKind;

std::string job_of(const wire::EventRow& event) {
  std::string text = "job " + std::to_string(event.job.value);
  if (!event.job_name.empty()) text += " " + printable(event.job_name, 60);
  return text;
}

std::string attempt_of(const wire::EventRow& event) {
  return job_of(event) + ": attempt " + std::to_string(event.attempt.value);
}

// ": reason", on one line and not too long: the whole text is in the job's log.
std::string because(const wire::EventRow& event) {
  return event.detail.empty() ? "" : ": " + printable(event.detail, 200);
}

std::string in_time(const wire::EventRow& event) {
  if (event.duration_ms == 0) return "";
  return " in " + duration(Duration{static_cast<int64_t>(event.duration_ms)});
}

std::string words(const wire::EventRow& event) {
  return event.detail.empty() ? "finished" : printable(event.detail, 200);
}

Colour colour_of(const wire::EventRow& event) {
  switch (event.kind) {
    case EventKind::BuildFinished:
    case EventKind::JobFinished:
      if (auto verdict = parse_verdict(event.detail)) return render::colour_of(*verdict);
      return Colour::Plain;
    case EventKind::AttemptAssigned:
    case EventKind::AttemptReattached:
    case EventKind::AttemptAdopted: return Colour::Cyan;
    case EventKind::AttemptLost:
    case EventKind::AttemptReturned:
    case EventKind::AttemptSuperseded:
    case EventKind::CancelRequested: return Colour::Yellow;
    case EventKind::BuildSubmitted:
    case EventKind::AttemptFinished: return Colour::Plain;
  }
  return Colour::Plain;
}

std::string origin_of(const wire::EventRow& event) {
  std::string text = short_repository(event.repository);
  if (!event.ref.empty()) text += " " + short_ref(event.ref);
  if (!event.revision.empty()) text += " " + short_revision(event.revision);
  return text;
}

}  // namespace

std::string sentence(const wire::EventRow& event) {
  const std::string worker = printable(event.worker);
  switch (event.kind) {
    case EventKind::BuildSubmitted: return "seen and queued";
    case EventKind::AttemptAssigned: return attempt_of(event) + " assigned to " + worker;
    case EventKind::AttemptReattached:
      return attempt_of(event) + " goes on: " + worker + " is back";
    case EventKind::AttemptReturned:
      return attempt_of(event) + " given back by " + worker + because(event);
    case EventKind::AttemptLost: return attempt_of(event) + " lost with " + worker + because(event);
    case EventKind::AttemptAdopted:
      return attempt_of(event) + " goes on after all: " + worker + " came back with it";
    case EventKind::AttemptFinished: return attempt_of(event) + " " + words(event) + in_time(event);
    case EventKind::AttemptSuperseded:
      return attempt_of(event) + " reported too late, kept without effect" + because(event);
    case EventKind::CancelRequested: return job_of(event) + ": cancel requested" + because(event);
    case EventKind::JobFinished: return job_of(event) + " " + words(event) + in_time(event);
    case EventKind::BuildFinished: return "build " + words(event) + in_time(event);
  }
  return "something that this release has no words for";
}

std::string story_line(const wire::EventRow& event, const Style& style) {
  std::string what = sentence(event);
  if (event.kind == EventKind::BuildSubmitted && !event.subject.empty())
    what += ": " + printable(event.subject, 72);
  return style.paint(Colour::Dim, time_of_day(event.at)) + "  " +
         style.paint(Colour::Bold, "build " + std::to_string(event.build.value)) + "  " +
         origin_of(event) + "  " + style.paint(colour_of(event), what);
}

}  // namespace seaworthy::cli::render
