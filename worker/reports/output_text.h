// OutputText looks for results of tests in what a job wrote: TAP, ctest's lines and unittest's, all
// at once, since a job may run several. For jobs that leave no report. Pure; memory is one line and
// what the collections keep.
#pragma once

#include <string>
#include <string_view>

#include "worker/reports/collection.h"
#include "worker/reports/ctest_text.h"
#include "worker/reports/tap.h"
#include "worker/reports/unittest_text.h"

namespace seaworthy::worker::reports {

class OutputText {
 public:
  // Bytes as they come, cut anywhere.
  void feed(std::string_view bytes);
  void finish(Collection& into);

 private:
  void take_line();

  std::string line_;
  TapReader tap_{TapReader::Source::Output, ""};
  CtestReader ctest_;
  UnittestReader unittest_;
};

// Of a file that is TAP as a whole.
void read_tap(std::string_view text, std::string suite, Collection& into);

}  // namespace seaworthy::worker::reports
