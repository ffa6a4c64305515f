// TAP, the Test Anything Protocol, line by line: of a file, or of a job's output, in which other
// lines stand too. Subtests, which are indented, are counted as the one test that they are for the
// plan. A test that failed and is marked TODO was expected to fail: it counts as skipped. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/reports/collection.h"

namespace seaworthy::worker::reports {

class TapReader {
 public:
  // In output, only what has a plan is taken for TAP, and prove's lines name the suites.
  enum class Source : uint8_t { File, Output };
  TapReader(Source source, std::string suite) : source_(source), suite_(std::move(suite)) {}

  // A line without colours (words.h).
  void line(std::string_view text);
  // After the last line: what was found.
  void finish(Collection& into);

 private:
  bool take_plan(std::string_view text);
  bool take_test(std::string_view text);
  void take_directive(std::string_view& description);
  void take_diagnosis(std::string_view text);
  void take_yaml(std::string_view text);
  void begin(std::string suite);
  void end_test();
  void end_document();

  Source source_;
  std::string suite_;
  Collection document_;  // since the last plan, version or name of a suite
  Collection found_;
  std::optional<TestResult> test_;
  std::optional<uint64_t> planned_;
  uint64_t ran_ = 0;
  bool in_yaml_ = false;
};

}  // namespace seaworthy::worker::reports
