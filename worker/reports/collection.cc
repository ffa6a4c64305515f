#include "worker/reports/collection.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "shared/base/utf8.h"
#include "shared/model/limits.h"

namespace seaworthy::worker::reports {
namespace {

constexpr std::string_view kNoCharacter = "\xef\xbf\xbd";  // U+FFFD
// When the room for texts is used up, a failed test still says in one line why.
constexpr size_t kShortMessage = 200;

}  // namespace

std::string clean(std::string_view text, size_t most) {
  std::string result;
  while (!text.empty()) {
    const size_t length = text.front() == '\0' ? 0 : utf8_sequence_length(text);
    const std::string_view next = length == 0 ? kNoCharacter : text.substr(0, length);
    if (result.size() + next.size() > most) break;
    result += next;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

std::string first_line(std::string_view text, size_t most) {
  const size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(start);
  text = text.substr(0, text.find_first_of("\r\n"));
  return std::string(utf8_prefix(text, most));
}

uint64_t milliseconds(std::string_view seconds) {
  std::string digits;
  for (const char c : seconds.substr(0, 64))
    if (c != ',' && c != ' ') digits.push_back(c);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || !std::isfinite(value) || value <= 0) return 0;
  const double most = static_cast<double>(limits::kTestDurationMs);
  return static_cast<uint64_t>(std::min(std::round(value * 1000), most));
}

void Collection::add(TestResult result) {
  count(result.verdict, counts_);
  auto& kept = is_bad(result.verdict) ? bad_ : others_;
  if (bad_.size() + others_.size() >= limits::kTests) {
    if (!is_bad(result.verdict) || others_.empty()) return;
    others_.pop_back();
  }
  fit(result);
  kept.push_back(std::move(result));
}

void Collection::add_all(Collection& other) {
  const TestCounts all = other.counts_;
  TestCounts listed;
  TestReport report = other.take();
  for (TestResult& test : report.tests) {
    seaworthy::count(test.verdict, listed);
    add(std::move(test));
  }
  count_more(TestVerdict::Passed, all.passed - listed.passed);
  count_more(TestVerdict::Failed, all.failed - listed.failed);
  count_more(TestVerdict::Error, all.errors - listed.errors);
  count_more(TestVerdict::Skipped, all.skipped - listed.skipped);
  for (const std::string& text : report.notes) note(text);
}

void Collection::fit(TestResult& result) {
  result.suite = clean(result.suite, limits::kTestNameBytes);
  result.name = clean(result.name, limits::kTestNameBytes);
  result.duration_ms = std::min(result.duration_ms, limits::kTestDurationMs);
  const bool has_room = text_bytes_ < limits::kTestTextsBytes;
  result.message = clean(result.message, has_room ? limits::kTestTextBytes : kShortMessage);
  result.output = has_room && is_bad(result.verdict) ? clean(result.output, limits::kTestTextBytes)
                                                     : std::string();
  text_bytes_ += result.message.size() + result.output.size();
}

void Collection::count_more(TestVerdict verdict, uint64_t more) {
  TestCounts one;
  seaworthy::count(verdict, one);
  auto add_to = [more](uint64_t& sum, uint64_t is_it) {
    sum = std::min(sum + is_it * std::min(more, limits::kCountedTests), limits::kCountedTests);
  };
  add_to(counts_.passed, one.passed);
  add_to(counts_.failed, one.failed);
  add_to(counts_.errors, one.errors);
  add_to(counts_.skipped, one.skipped);
}

void Collection::note(std::string_view text) {
  if (notes_.size() < limits::kTestNotes) notes_.push_back(clean(text, limits::kTestNoteBytes));
}

TestReport Collection::take() {
  TestReport report{std::move(bad_), counts_, std::move(notes_)};
  std::move(others_.begin(), others_.end(), std::back_inserter(report.tests));
  *this = Collection();
  return report;
}

}  // namespace seaworthy::worker::reports
