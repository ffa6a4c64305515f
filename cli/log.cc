#include "cli/log.h"

#include "cli/identify.h"
#include "cli/render/text.h"

namespace seaworthy::cli {
namespace {

// Short enough to notice soon that another attempt has begun.
constexpr Duration kHeldBack{2'000};

bool has_attempt(const wire::JobRow& job, uint32_t attempt) {
  for (const wire::AttemptRow& row : job.attempts)
    if (row.attempt.value == attempt) return true;
  return false;
}

// A remark for those who would otherwise look at nothing.
void explain_silence(const wire::JobRow& job, bool follow, Screen& screen) {
  if (!job.attempts.empty() || job.state == State::Finished) return;
  std::string text = "job " + std::to_string(job.job.value) + " has not started";
  if (!job.why_waiting.empty()) text += ": " + render::printable(job.why_waiting);
  screen.remark(follow ? text : text + "; follow it with -f");
}

}  // namespace

Ended print_log(io::Client& client, const LogOptions& options, Screen& screen) {
  auto found = find_job(client, options.job);
  if (!found) return Unexpected{found.error().message};
  const wire::JobRow& job = found->job();
  const std::string name = "job " + std::to_string(job.job.value);
  if (options.attempt != 0 && !has_attempt(job, options.attempt))
    return Unexpected{name + " has no attempt " + std::to_string(options.attempt) + ", it has " +
                      render::count_of(job.attempts.size(), "attempt")};
  explain_silence(job, options.follow, screen);

  wire::FetchOutput question{job.job, AttemptNumber{options.attempt}, 0, 0};
  AttemptNumber shown{options.attempt};
  for (;;) {
    auto answer = client.ask(question, Duration{static_cast<int64_t>(question.wait_ms)});
    if (!answer) return unknown(answer.error());
    const auto* output = std::get_if<wire::OutputData>(&answer->message);
    if (output == nullptr)
      return Unexpected{
          "the broker did not answer with output: are both of "
          "one release?"};
    if (output->attempt != shown && question.offset > 0) {
      screen.remark("attempt " + std::to_string(output->attempt.value) + " of " + name);
      question.offset = 0;
      shown = output->attempt;
      continue;
    }
    shown = output->attempt;
    screen.out(answer->blob);
    if (screen.closed() || screen.failed()) return ExitCode::Passed;
    question.offset += answer->blob.size();
    if (output->complete) return ExitCode::Passed;
    const bool reached_end = answer->blob.empty() || question.offset >= output->total;
    if (!options.follow && reached_end) return ExitCode::Passed;
    question.wait_ms = options.follow ? static_cast<uint64_t>(kHeldBack.count()) : 0;
  }
}

}  // namespace seaworthy::cli
