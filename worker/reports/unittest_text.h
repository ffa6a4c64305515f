// What Python's unittest writes, line by line, for jobs that make no file of it: with -v a line for
// each test, without it the failed ones in blocks and the number of all. Nothing counts before the
// run's last words, "Ran 3 tests in 0.1s" and OK or FAILED. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "worker/reports/collection.h"

namespace seaworthy::worker::reports {

class UnittestReader {
 public:
  void line(std::string_view text);
  void finish(Collection& into);

 private:
  enum class Place : uint8_t { Tests, BlockTitle, BlockHead, BlockBody, Ran };

  void take_test_line(std::string_view text);
  void take_block_title(std::string_view text);
  bool take_ran(std::string_view text);
  bool take_last_word(std::string_view text);
  void settle(std::string_view result);
  void end_block();
  void end_run();
  void forget_run();
  TestResult* entry(const TestResult& test);

  Collection found_;
  Place place_ = Place::Tests;
  std::vector<TestResult> tests_;  // of the run under way
  std::map<std::string, size_t, std::less<>> places_;
  std::optional<TestResult> pending_;  // its title was read, its result was not
  std::optional<TestResult> block_;
  std::set<std::string> bad_;  // of those that were run, without their parameters
  uint64_t ran_ = 0;
  bool is_verbose_ = false;
};

}  // namespace seaworthy::worker::reports
