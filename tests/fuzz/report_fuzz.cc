// Whatever stands in a report of tests or in a job's output, reading it ends, keeps the limits, and
// gives what the broker takes. And whatever comes as a packed report is refused or is usable. The
// first byte chooses what the rest is.
#include <string>

#include "shared/model/limits.h"
#include "shared/wire/packed_tests.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "worker/reports/glob.h"
#include "worker/reports/junit.h"
#include "worker/reports/output_text.h"

namespace seaworthy::fuzz {
namespace {

using worker::reports::Collection;

void check(TestReport report) {
  FUZZ_REQUIRE(report.tests.size() <= limits::kTests);
  FUZZ_REQUIRE(report.counts.all() >= report.tests.size());
  FUZZ_REQUIRE(report.notes.size() <= limits::kTestNotes);
  bool seen_good = false;
  for (const TestResult& test : report.tests) {
    FUZZ_REQUIRE(!is_bad(test.verdict) || !seen_good);
    seen_good = seen_good || !is_bad(test.verdict);
  }
  const TestCounts counts = report.counts;
  const std::string packed = wire::pack_tests(std::move(report));
  const auto columns = wire::unpack_tests(packed);
  FUZZ_REQUIRE(columns);
  FUZZ_REQUIRE(columns->counts() == counts);
}

void use(const wire::TestColumns& columns) {
  for (size_t test = 0; test < columns.size(); ++test) {
    const TestResult result = columns.result(test);
    FUZZ_REQUIRE(columns.find(result.suite, result.name) <= test);
  }
}

void walk(std::string_view text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const worker::reports::Globs globs({std::string(text.substr(0, end))});
  auto state = globs.start();
  for (const char c : text.substr(end)) {
    if (globs.matches(state, text.substr(0, end))) return;
    state = globs.enter(state, std::string(2, c));
  }
}

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy;
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte();
  const std::string_view text = input.rest();
  fuzz::Collection found;
  switch (choice % 5) {
    case 0:
      if (auto read = worker::reports::read_junit(text, found); !read)
        found.note(read.error().text);
      break;
    case 1: worker::reports::read_tap(text, "a.tap", found); break;
    case 2: {
      worker::reports::OutputText output;
      // Cut where the pipe might: in the middle of anything.
      const size_t half = text.size() / 2;
      output.feed(text.substr(0, half));
      output.feed(text.substr(half));
      output.finish(found);
      break;
    }
    case 3:
      if (auto columns = wire::unpack_tests(text)) fuzz::use(*columns);
      return 0;
    default: fuzz::walk(text); return 0;
  }
  fuzz::check(found.take());
  return 0;
}
