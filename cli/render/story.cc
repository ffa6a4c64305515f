#include "cli/render/story.h"

#include "cli/render/text.h"

namespace seaworthy::cli::render {
namespace {

using wire::EventKind;

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

std::string story_line(const wire::EventRow& event, const Style& style) {
  std::string what = sentence(event);
  if (event.kind == EventKind::BuildSubmitted && !event.subject.empty())
    what += ": " + printable(event.subject, 72);
  return style.paint(Colour::Dim, time_of_day(event.at)) + "  " +
         style.paint(Colour::Bold, "build " + std::to_string(event.build.value)) + "  " +
         origin_of(event) + "  " + style.paint(colour_of(event), what);
}

}  // namespace seaworthy::cli::render
