#include "broker/narrate.h"

#include <spdlog/spdlog.h>

namespace seaworthy::broker {
namespace {

// Names, subjects and reasons come from outside: what could move the cursor or fake a line becomes
// a '?'.
std::string plain(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

std::string_view short_revision(std::string_view revision) { return revision.substr(0, 8); }

void line(const Change&, const BuildSubmitted& b) {
  spdlog::info("build {} queued: {} '{}' on {} of {}, {} {}", b.build.value,
               short_revision(b.revision), plain(b.subject), plain(b.ref), plain(b.repository),
               b.jobs.size(), b.jobs.size() == 1 ? "job" : "jobs");
}
void line(const Change&, const RequestTaken&) {}
void line(const Change&, const AttemptAssigned& b) {
  spdlog::info("build {} job {} attempt {} assigned to {}", b.build.value, b.job.value,
               b.attempt.value, plain(b.worker));
}
void line(const Change&, const AttemptReattached& b) {
  spdlog::info("job {} attempt {} re-attached by {}", b.job.value, b.attempt.value,
               plain(b.worker));
}
void line(const Change&, const AttemptAdopted& b) {
  spdlog::info("job {} attempt {} adopted: {} came back before another took it", b.job.value,
               b.attempt.value, plain(b.worker));
}
void line(const Change&, const AttemptReturned& b) {
  spdlog::info("job {} attempt {} returned to the queue: {}", b.job.value, b.attempt.value,
               plain(b.reason));
}
void line(const Change&, const AttemptLost& b) {
  spdlog::warn("job {} attempt {} lost (loss {}): {}; the job is queued again", b.job.value,
               b.attempt.value, b.losses, plain(b.reason));
}
void line(const Change&, const AttemptEnded& b) {
  spdlog::info("job {} attempt {} on {} {}{}{}", b.job.value, b.attempt.value, plain(b.worker),
               to_string(b.report.outcome), b.report.detail.empty() ? "" : ": ",
               plain(b.report.detail));
}
void line(const Change&, const AttemptSuperseded& b) {
  spdlog::info("job {} attempt {} on {} came too late ({}): kept with the attempt, without effect",
               b.job.value, b.attempt.value, plain(b.worker), to_string(b.report.outcome));
}
void line(const Change&, const CancelRequested& b) {
  spdlog::info("job {} to be cancelled: {}", b.job.value, plain(b.reason));
}
void line(const Change&, const JobFinished& b) {
  spdlog::info("build {} job {} {}{}{}", b.build.value, b.job.value, to_string(b.verdict),
               b.note.empty() ? "" : ": ", plain(b.note.substr(0, b.note.find('\n'))));
}
void line(const Change&, const BuildFinished& b) {
  spdlog::info("build {} {}", b.build.value, to_string(b.verdict));
}
void line(const Change&, const HeadAdvanced& b) {
  if (b.revision.empty())
    spdlog::info("{} of {} is gone", plain(b.ref), plain(b.repository));
  else
    spdlog::info("{} of {} submitted up to {}", plain(b.ref), plain(b.repository),
                 short_revision(b.revision));
}
void line(const Change&, const CursorSaved& b) {
  spdlog::debug("{} has come to event {}", plain(b.name), b.sequence.value);
}

void line(const Change&, const RepositoryPaused& b) {
  spdlog::info("{} is {}", plain(b.repository),
               b.paused ? "paused: its jobs wait" : "not paused any longer");
}
void line(const Change&, const BuildRemoved& b) {
  spdlog::info("build {} removed, as the broker was told to keep no more: {} of {}", b.build.value,
               short_revision(b.revision), plain(b.repository));
}
void line(const Change&, const OutputStored& b) {
  spdlog::debug("job {} attempt {}: output stored up to {} bytes", b.job.value, b.attempt.value,
                b.offset + b.size);
}

}  // namespace

void narrate(const Change& change) {
  std::visit([&](const auto& body) { line(change, body); }, change.body);
}

}  // namespace seaworthy::broker
