#include "shared/words/sentence.h"

#include "shared/words/text.h"

namespace seaworthy::words {
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

std::string judgement(const wire::EventRow& event) {
  return event.detail.empty() ? "finished" : printable(event.detail, 200);
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
    case EventKind::AttemptFinished:
      return attempt_of(event) + " " + judgement(event) + in_time(event);
    case EventKind::AttemptSuperseded:
      return attempt_of(event) + " reported too late, kept without effect" + because(event);
    case EventKind::CancelRequested: return job_of(event) + ": cancel requested" + because(event);
    case EventKind::JobFinished: return job_of(event) + " " + judgement(event) + in_time(event);
    case EventKind::BuildFinished: return "build " + judgement(event) + in_time(event);
  }
  return "something that this release has no words for";
}

std::string took(const wire::BuildRow& build, UnixMillis now) {
  if (!build.started && !build.finished) return "";
  const UnixMillis from = build.started ? build.started : build.submitted;
  return duration(between(from, build.finished ? build.finished : now));
}

std::string standing(const wire::BuildRow& build, UnixMillis now) {
  const std::string length = took(build, now);
  if (build.verdict)
    return std::string(to_string(*build.verdict)) + (length.empty() ? "" : " in " + length);
  return std::string(to_string(build.state)) + (length.empty() ? "" : " for " + length);
}

}  // namespace seaworthy::words
