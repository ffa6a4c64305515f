// TestColumns is a TestReport as it travels and is stored: a column for each property, since there
// may be ten thousand tests, and their histories are read by looking at one place of each column.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/model/test_report.h"

namespace seaworthy::wire {

struct TestTexts {
  uint32_t test = 0;  // its place in the columns
  std::string message;
  std::string output;
};

struct TestColumns {
  std::vector<std::string> suites;  // each once
  std::vector<uint32_t> suite;      // of each test, its place in `suites`
  std::vector<std::string> names;
  std::string verdicts;  // a digit each, TestVerdict's number
  std::vector<uint64_t> durations_ms;
  std::vector<TestTexts> texts;  // of those that have any, in their order
  uint64_t passed = 0;           // counts of all, those that are not listed included
  uint64_t failed = 0;
  uint64_t errors = 0;
  uint64_t skipped = 0;
  std::vector<std::string> notes;

  size_t size() const { return names.size(); }
  TestVerdict verdict(size_t test) const { return static_cast<TestVerdict>(verdicts[test] - '0'); }
  TestCounts counts() const { return {passed, failed, errors, skipped}; }
  TestResult result(size_t test) const;
  // The first of this name: the worst, where a name stands more than once.
  std::optional<size_t> find(std::string_view of_suite, std::string_view name) const;
};

TestColumns columns_of(const TestReport& report);

// Whether the columns fit together and keep the limits, or why not. What came from a peer must be
// asked this before anything else.
Result<Done> check(const TestColumns& columns);

}  // namespace seaworthy::wire
