// What ctest writes of its tests, line by line, for jobs that make no file of it:
//    3/12 Test  #3: name ..............***Failed    0.02 sec
// With --output-on-failure the output of a failed test follows its line. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "worker/reports/collection.h"

namespace seaworthy::worker::reports {

class CtestReader {
 public:
  void line(std::string_view text);
  void finish(Collection& into);

 private:
  bool take_test(std::string_view text);
  void end_test();

  Collection found_;
  std::optional<TestResult> test_;  // whose output may follow
};

}  // namespace seaworthy::worker::reports
