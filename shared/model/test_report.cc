#include "shared/model/test_report.h"

#include <array>
#include <utility>

#include "shared/base/assert.h"

namespace seaworthy {
namespace {

constexpr std::array<std::pair<TestVerdict, std::string_view>, 4> kWords{
    {{TestVerdict::Passed, "passed"},
     {TestVerdict::Failed, "failed"},
     {TestVerdict::Skipped, "skipped"},
     {TestVerdict::Error, "error"}}};

}  // namespace

std::string_view to_string(TestVerdict verdict) {
  for (const auto& [value, word] : kWords)
    if (value == verdict) return word;
  SW_ASSERT(!"an enumerator without a word");
  return {};
}

std::optional<TestVerdict> parse_test_verdict(std::string_view word) {
  for (const auto& [value, candidate] : kWords)
    if (candidate == word) return value;
  return std::nullopt;
}

void count(TestVerdict verdict, TestCounts& counts) {
  switch (verdict) {
    case TestVerdict::Passed: ++counts.passed; return;
    case TestVerdict::Failed: ++counts.failed; return;
    case TestVerdict::Skipped: ++counts.skipped; return;
    case TestVerdict::Error: ++counts.errors; return;
  }
}

}  // namespace seaworthy
