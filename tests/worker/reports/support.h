// Ways to read a text as a report, and to find a test in what came of it.
#pragma once

#include <string>

#include "shared/model/limits.h"
#include "shared/wire/packed_tests.h"
#include "tests/support/catch.h"
#include "worker/reports/junit.h"
#include "worker/reports/output_text.h"

namespace seaworthy::worker::reports {

inline TestReport of_output(std::string_view text) {
  OutputText reader;
  reader.feed(text);
  Collection found;
  reader.finish(found);
  return found.take();
}

inline TestReport of_tap(std::string_view text) {
  Collection found;
  read_tap(text, "a.tap", found);
  return found.take();
}

// With why it was not read to its end as a note.
inline TestReport of_junit(std::string_view xml) {
  Collection found;
  if (auto read = read_junit(xml, found); !read) found.note(read.error().text);
  return found.take();
}

inline const TestResult& find(const TestReport& report, const std::string& name) {
  for (const TestResult& test : report.tests)
    if (test.name == name) return test;
  FAIL("there is no test called " + name);
  return report.tests.front();
}

inline TestVerdict verdict(const TestReport& report, const std::string& name) {
  return find(report, name).verdict;
}

// What must hold whatever was read: the broker takes it.
inline void check_usable(const TestReport& report) {
  const std::string packed = wire::pack_tests(report);
  CHECK(packed.size() <= limits::kTestReportBytes);
  auto columns = wire::unpack_tests(packed);
  REQUIRE(columns);
  CHECK(columns->counts() == report.counts);
}

}  // namespace seaworthy::worker::reports
