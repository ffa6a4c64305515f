// JUnit's XML, as pytest, ctest, googletest, Catch2, Maven, Gradle, Jest and others write it: text
// -> results, and why it could not be read where it could not. It streams: memory is what the
// collection keeps. Documents with a DOCTYPE are refused, so there are no entities to expand and
// nothing outside the document is looked at. What was found before an error is kept.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "worker/reports/collection.h"

namespace seaworthy::worker::reports {

struct JunitError {
  bool is_other_xml = false;  // well-formed as far as it was read, and no report of tests
  std::string text;           // "line 3: mismatched tag"
};

Result<Done, JunitError> read_junit(std::string_view xml, Collection& into);

}  // namespace seaworthy::worker::reports
