#include "cli/render/tests.h"

#include <algorithm>

#include "cli/render/text.h"
#include "shared/words/test_duration.h"

namespace seaworthy::cli::render {
namespace {

constexpr size_t kNamesInALine = 3;
constexpr size_t kShownOfJob = 5;
constexpr size_t kMessageColumns = 200;
constexpr size_t kNameColumns = 60;

Colour colour_of(TestVerdict verdict) {
  switch (verdict) {
    case TestVerdict::Passed: return Colour::Green;
    case TestVerdict::Failed:
    case TestVerdict::Error: return Colour::Red;
    case TestVerdict::Skipped: return Colour::Dim;
  }
  return Colour::Plain;
}

std::string counts(const wire::JobTests& job, const Style& style) {
  std::string text;
  auto add = [&](uint64_t count, const char* word, Colour colour) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + style.paint(colour, std::to_string(count) + " " + word);
  };
  add(job.failed, "failed", Colour::Red);
  add(job.errors, job.errors == 1 ? "error" : "errors", Colour::Red);
  add(job.passed, "passed", Colour::Green);
  add(job.skipped, "skipped", Colour::Plain);
  if (text.empty()) text = "no tests";
  if (job.left_out > 0) text += " (" + std::to_string(job.left_out) + " not listed)";
  return text;
}

std::string since(const wire::TestRow& test) {
  std::string text = "fails since build " + std::to_string(test.failing_since.value) + " (" +
                     short_revision(test.failing_since_revision) + ")";
  return test.failing_longer ? text + " or longer" : text;
}

std::string below(const wire::TestRow& test, bool with_output, const Style& style) {
  const std::string indent(10, ' ');
  std::string text;
  if (!test.message.empty()) text += indent + printable(test.message, kMessageColumns) + "\n";
  if (!is_bad(test.verdict)) return text;
  text += indent + style.paint(Colour::Dim, since(test)) + "\n";
  std::string_view output = test.output;
  while (with_output && !output.empty()) {
    const size_t end = std::min(output.find('\n'), output.size());
    text += indent + style.paint(Colour::Dim, "| ") + printable(output.substr(0, end)) + "\n";
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  return text;
}

uint64_t count_bad(const wire::TestList& list) {
  uint64_t count = 0;
  for (const wire::JobTests& job : list.jobs) count += job.failed + job.errors;
  return count;
}

}  // namespace

std::string tests_summary(const wire::TestList& list, const Style& style) {
  std::string text;
  for (const wire::JobTests& job : list.jobs) {
    text += "job " + std::to_string(job.job.value) + " " +
            style.paint(Colour::Bold, printable(job.job_name)) + ": " + counts(job, style) + "\n";
    for (const std::string& note : job.notes)
      if (!note.empty()) text += "    " + printable(note) + "\n";
  }
  return text;
}

std::string tests_page(const wire::TestList& list, bool with_output, const Style& style) {
  constexpr size_t kVerdictColumns = 8;
  std::string text;
  for (const wire::TestRow& test : list.tests) {
    std::string word(to_string(test.verdict));
    const std::string padding(kVerdictColumns - word.size(), ' ');
    text += "  " + style.paint(colour_of(test.verdict), word) + padding +
            printable(test.name, kMessageColumns);
    if (!test.suite.empty())
      text += "  " + style.paint(Colour::Dim, printable(test.suite, kMessageColumns));
    text += "  " + words::test_duration(test.duration_ms) + "\n" + below(test, with_output, style);
  }
  return text;
}

std::string failed_in_a_line(const wire::TestList& list) {
  const uint64_t bad = count_bad(list);
  if (bad == 0) return {};
  std::string text = count_of(bad, "test") + " failed";
  size_t named = 0;
  for (const wire::TestRow& test : list.tests) {
    if (!is_bad(test.verdict)) continue;
    if (named == kNamesInALine) break;
    text += (named++ == 0 ? ": " : ", ") + printable(test.name, kNameColumns);
  }
  return bad > named && named > 0 ? text + " and " + std::to_string(bad - named) + " more" : text;
}

std::string failed_of_job(const wire::TestList& list, JobId job, const Style& style) {
  std::string text;
  for (const wire::JobTests& one : list.jobs)
    if (one.job == job) text += "    tests: " + counts(one, style) + "\n";
  size_t shown = 0, all = 0;
  for (const wire::TestRow& test : list.tests) {
    if (test.job != job || !is_bad(test.verdict) || ++all > kShownOfJob) continue;
    ++shown;
    text += "      " + style.paint(Colour::Red, printable(test.name, kMessageColumns));
    if (!test.suite.empty())
      text += "  " + style.paint(Colour::Dim, printable(test.suite, kMessageColumns));
    text += "\n";
    if (!test.message.empty()) text += "        " + printable(test.message, kMessageColumns) + "\n";
  }
  if (all > shown)
    text +=
        "      all of them: seaworthy tests " + std::to_string(list.build.value) + " --failed\n";
  return text;
}

}  // namespace seaworthy::cli::render
