#include "reporter/log_sections.h"

#include <algorithm>

namespace seaworthy::reporter {

std::vector<LogSection> sections_of(const wire::AttemptRow& attempt) {
  std::vector<LogSection> sections;
  for (const wire::StepResult& step : attempt.steps) {
    const uint64_t before = sections.empty() ? 1 : sections.back().offset;
    const uint64_t end = step.output_offset + step.output_bytes;
    // A worker is believed about its own job, but not that a step begins before the one before it.
    if (step.output_offset < before || end < step.output_offset || end > attempt.output_bytes)
      return {};
    sections.push_back(
        {step.name, step.output_offset, step.exit_code, step.duration_ms, step.exit_code != 0});
  }
  if (sections.empty()) return {};
  const wire::StepResult& last = attempt.steps.back();
  if (sections.size() == 1) sections.back().is_open = true;
  sections.insert(sections.begin(), LogSection{"checkout", 0, {}, 0, false});
  sections.push_back(
      {"end of the job", last.output_offset + last.output_bytes, std::nullopt, 0, true});
  return sections;
}

}  // namespace seaworthy::reporter
