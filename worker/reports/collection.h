// Collection gathers what the parsers of reports find and keeps it within model/limits.h: texts are
// cut and made valid UTF-8, of too many tests the failed ones are kept, all are counted. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/test_report.h"

namespace seaworthy::worker::reports {

class Collection {
 public:
  void add(TestResult result);
  // All of another one, which is empty then.
  void add_all(Collection& other);
  // Tests of which only the number is known.
  void count_more(TestVerdict verdict, uint64_t more);
  // What a person should know about a report that was not read as a whole. One too many is dropped.
  void note(std::string_view text);

  bool empty() const { return counts_.all() == 0; }

  // All that was added; the collection is empty then.
  TestReport take();

 private:
  void fit(TestResult& result);

  std::vector<TestResult> bad_;
  std::vector<TestResult> others_;
  TestCounts counts_;
  std::vector<std::string> notes_;
  size_t text_bytes_ = 0;
};

// Cut to `most` bytes; what is no UTF-8 becomes U+FFFD, and so does NUL.
std::string clean(std::string_view text, size_t most);
// The first line that is not blank, cut to `most` bytes.
std::string first_line(std::string_view text, size_t most);
// "0.25", "1,234.5" and "1e-05" seconds; 0 for what is no number or a negative one.
uint64_t milliseconds(std::string_view seconds);

}  // namespace seaworthy::worker::reports
