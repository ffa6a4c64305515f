// TestReport is what the tests of one attempt said, each by its name: read by the worker out of the
// files and the output that the tests left, kept by the broker. It never decides a verdict: that is
// what the steps' exit codes are for. The words are the ones on the wire and in --json: they never
// change. Bounded by model/limits.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seaworthy {

enum class TestVerdict : uint8_t {
  Passed = 1,
  Failed = 2,   // what it asserts does not hold
  Skipped = 3,  // was not run, or its failing is expected
  Error = 4,    // it could not be carried out to its end: an exception, a crash, a time-out
};

std::string_view to_string(TestVerdict verdict);
std::optional<TestVerdict> parse_test_verdict(std::string_view word);

// What people look for first.
constexpr bool is_bad(TestVerdict verdict) {
  return verdict == TestVerdict::Failed || verdict == TestVerdict::Error;
}

struct TestResult {
  std::string suite;  // class, file or group, as its tool calls it; may be empty
  std::string name;
  TestVerdict verdict = TestVerdict::Passed;
  uint64_t duration_ms = 0;
  std::string message = {};  // one sentence or a few: what is wrong, or why it was skipped
  std::string output = {};   // what a failed one wrote, its trace first
  bool operator==(const TestResult&) const = default;
};

// Of all tests, those that are not listed included.
struct TestCounts {
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t errors = 0;
  uint64_t skipped = 0;

  uint64_t all() const { return passed + failed + errors + skipped; }
  uint64_t bad() const { return failed + errors; }
  bool operator==(const TestCounts&) const = default;
};

struct TestReport {
  std::vector<TestResult> tests;  // bad ones first, then as they were met
  TestCounts counts;
  std::vector<std::string> notes = {};  // which file could not be read and why; what was cut
  bool operator==(const TestReport&) const = default;
};

// One more of this verdict.
void count(TestVerdict verdict, TestCounts& counts);

}  // namespace seaworthy
