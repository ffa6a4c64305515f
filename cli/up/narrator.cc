#include "cli/up/narrator.h"

#include <vector>

#include "cli/connection.h"
#include "cli/programs.h"
#include "cli/render/story.h"
#include "cli/render/tests.h"
#include "cli/render/text.h"
#include "cli/tests.h"
#include "shared/io/client.h"

namespace seaworthy::cli {
namespace {

constexpr size_t kLines = 8;
constexpr uint64_t kTailBytes = 2'048;

bool says(const wire::EventRow& event, Verdict verdict) {
  return event.detail == to_string(verdict);
}

std::vector<std::string_view> last_lines(std::string_view text, size_t most) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    const size_t newline = text.rfind('\n');
    const size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    if (start < text.size()) lines.insert(lines.begin(), text.substr(start));
    text = text.substr(0, start);
  }
  return lines;
}

}  // namespace

bool is_told(const wire::EventRow& event) {
  switch (event.kind) {
    case wire::EventKind::AttemptFinished:
      return event.detail == to_string(Outcome::Broken) || event.detail == to_string(Outcome::Lost);
    case wire::EventKind::JobFinished: return !says(event, Verdict::Passed);
    case wire::EventKind::BuildSubmitted:
    case wire::EventKind::AttemptAssigned:
    case wire::EventKind::AttemptReattached:
    case wire::EventKind::AttemptReturned:
    case wire::EventKind::AttemptLost:
    case wire::EventKind::AttemptAdopted:
    case wire::EventKind::AttemptSuperseded:
    case wire::EventKind::CancelRequested:
    case wire::EventKind::BuildFinished: return true;
  }
  return true;
}

Narrator::Narrator(zmq::context_t& context, std::string broker, std::optional<io::Key> key,
                   int interrupt_fd, Screen& screen)
    : context_(context),
      broker_(std::move(broker)),
      key_(std::move(key)),
      interrupt_fd_(interrupt_fd),
      screen_(screen) {}

void Narrator::tell(const wire::EventRow& event) {
  if (!is_told(event)) return;
  screen_.line(render::story_line(event, screen_.style()));
  if (event.kind == wire::EventKind::JobFinished && says(event, Verdict::Failed))
    tell_failure(event);
}

void Narrator::tell_failure(const wire::EventRow& event) {
  io::ClientOptions connection;
  connection.endpoints = {broker_};
  connection.key = key_;
  connection.give_up_after = Duration{2'000};
  connection.interrupt_fd = interrupt_fd_;
  io::Client client(context_, connection);
  const std::string failed = render::failed_in_a_line(failed_tests(client, {}, event.job));
  if (!failed.empty()) screen_.line("          " + failed);
  const std::string output = last_output(client, event.job);
  for (std::string_view line : last_lines(output, kLines))
    screen_.line("          " + screen_.style().paint(render::Colour::Dim, "| ") +
                 render::printable(line, 160));
  std::string command = typed_name() + " log " + std::to_string(event.job.value);
  if (broker_ != kDefaultBroker) command += " --broker " + broker_;
  screen_.line("          all of it: " + command);
}

std::string Narrator::last_output(io::Client& client, JobId job) {
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{{}, job, false});
  if (!detail) return "";
  wire::FetchOutput question{job, {}, 0, 0};
  for (const wire::JobRow& row : detail->jobs) {
    if (row.job != job) continue;
    if (row.attempts.empty()) return row.note;
    const uint64_t all = row.attempts.back().output_bytes;
    question.attempt = row.attempts.back().attempt;
    question.offset = all > kTailBytes ? all - kTailBytes : 0;
  }
  auto answer = client.ask(question);
  return answer ? answer->blob : "";
}

}  // namespace seaworthy::cli
