#include "worker/reports/ctest_text.h"

#include <utility>

#include "worker/reports/words.h"

namespace seaworthy::worker::reports {
namespace {

constexpr std::string_view kSuite = "ctest";

TestVerdict verdict_of(std::string_view status) {
  if (status.starts_with("Passed")) return TestVerdict::Passed;
  if (status.starts_with("Failed")) return TestVerdict::Failed;
  if (status.starts_with("Skipped") || status.find("Disabled") != std::string_view::npos)
    return TestVerdict::Skipped;
  return TestVerdict::Error;  // Timeout, Exception: SegFault, Not Run
}

bool ends_output(std::string_view text) {
  std::string_view words = trimmed(text);
  if (words.starts_with("Start ") && text.starts_with("   ")) return true;
  return take_number(words) && words.starts_with("% tests passed");
}

}  // namespace

void CtestReader::line(std::string_view text) {
  if (take_test(text)) return;
  if (!test_) return;
  if (ends_output(text)) return end_test();
  if (!test_->output.empty() || !trimmed(text).empty()) append_line(test_->output, text);
}

bool CtestReader::take_test(std::string_view text) {
  text = trimmed(text);
  if (!take_number(text) || !take(text, "/") || !take_number(text) || !take(text, " Test "))
    return false;
  text = trimmed(text);
  if (!take(text, "#") || !take_number(text) || !take(text, ": ")) return false;
  const size_t dots = text.find(" ..");
  if (dots == std::string_view::npos || dots == 0) return false;
  end_test();
  TestResult& test = test_.emplace();
  test.suite = kSuite;
  test.name = std::string(text.substr(0, dots));
  text.remove_prefix(dots + 1);
  text.remove_prefix(std::min(text.find_first_not_of('.'), text.size()));
  text = trimmed(text);
  take(text, "***");
  const size_t sec = text.find(" sec");
  std::string_view status = text;
  if (sec != std::string_view::npos) {
    status = trimmed(text.substr(0, sec));
    const size_t space = status.find_last_of(" \t");
    if (space != std::string_view::npos) {
      test.duration_ms = milliseconds(status.substr(space + 1));
      status = trimmed(status.substr(0, space));
    }
  }
  test.verdict = verdict_of(status);
  if (test.verdict == TestVerdict::Passed) {
    end_test();
    return true;
  }
  test.message = std::string(status);
  // Why, where ctest says it behind the time.
  if (sec != std::string_view::npos)
    if (const std::string_view why = trimmed(text.substr(sec + 4)); !why.empty())
      test.message += ": " + std::string(why);
  return true;
}

void CtestReader::end_test() {
  if (test_) found_.add(std::move(*test_));
  test_.reset();
}

void CtestReader::finish(Collection& into) {
  end_test();
  into.add_all(found_);
}

}  // namespace seaworthy::worker::reports
