// A report of tests on its way: what is packed comes back, what does not fit is cut, and what is
// wrong is told.
#include "shared/wire/packed_tests.h"

#include <zstd.h>

#include "shared/model/limits.h"
#include "shared/wire/codec.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::wire;

namespace {

TestReport a_report() {
  TestReport report;
  report.tests = {{"Basket", "sums", TestVerdict::Failed, 12, "3 is not 4", "trace\n"},
                  {"Basket", "empty", TestVerdict::Passed, 1},
                  {"", "net", TestVerdict::Skipped, 0, "no network"}};
  report.counts = {5, 1, 0, 1};
  report.notes = {"one.xml was not read"};
  return report;
}

// The same random letters each time: nothing that could be packed well.
std::string noise(size_t size, uint64_t& seed) {
  std::string text;
  while (text.size() < size) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    text.push_back(static_cast<char>('!' + (seed >> 33) % 90));
  }
  return text;
}

std::string repacked(const TestColumns& columns) {
  const std::string bytes = encode_tests(columns);
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 1));
  return packed;
}

}  // namespace

TEST_CASE("a report of tests comes back as it was") {
  const TestReport report = a_report();
  auto columns = unpack_tests(pack_tests(report));
  REQUIRE(columns);
  CHECK(columns->counts() == report.counts);
  CHECK(columns->notes == report.notes);
  REQUIRE(columns->size() == 3);
  for (size_t test = 0; test < 3; ++test) CHECK(columns->result(test) == report.tests[test]);
  CHECK(columns->find("Basket", "empty") == size_t{1});
  CHECK_FALSE(columns->find("Other", "empty"));
  CHECK(unpack_tests(pack_tests({})));
}

TEST_CASE("what does not fit is left out from the end, and the counts and a note tell of it") {
  TestReport report;
  uint64_t seed = 1;
  for (size_t i = 0; i < limits::kTests; ++i)
    report.tests.push_back(
        {"suite", noise(100, seed), i < 10 ? TestVerdict::Failed : TestVerdict::Passed, i});
  report.counts = {limits::kTests - 10, 10, 0, 0};
  const std::string packed = pack_tests(report);
  CHECK(packed.size() <= limits::kTestReportBytes);
  CHECK(packed.size() > limits::kTestReportBytes / 2);
  auto columns = unpack_tests(packed);
  REQUIRE(columns);
  CHECK(columns->counts() == report.counts);
  CHECK(columns->size() < limits::kTests);
  CHECK(columns->verdict(9) == TestVerdict::Failed);
  REQUIRE(columns->notes.size() == 1);
  CHECK(columns->notes[0].starts_with(std::to_string(limits::kTests - columns->size()) + " tests"));
}

TEST_CASE("ten thousand tests with ordinary names fit") {
  TestReport report;
  for (size_t i = 0; i < limits::kTests; ++i)
    report.tests.push_back({"tests.module_" + std::to_string(i / 40) + ".Case",
                            "test_that_number_" + std::to_string(i * 7919 % 100'003) + "_holds",
                            TestVerdict::Passed, i * 31 % 977});
  report.counts.passed = limits::kTests;
  auto columns = unpack_tests(pack_tests(report));
  REQUIRE(columns);
  CHECK(columns->size() == limits::kTests);
  CHECK(columns->notes.empty());
}

TEST_CASE("a packed report that is damaged, too large or unfolds too far is refused") {
  const std::string packed = pack_tests(a_report());
  for (size_t length = 0; length < packed.size(); ++length)
    CHECK_FALSE(unpack_tests(std::string_view(packed).substr(0, length)));
  CHECK_FALSE(unpack_tests(std::string(limits::kTestReportBytes + 1, 'x')));
  const std::string zeros(limits::kTestReportUnpackedBytes + 1, '\0');
  std::string bomb(ZSTD_compressBound(zeros.size()), '\0');
  bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), zeros.data(), zeros.size(), 19));
  REQUIRE(bomb.size() < 1'000);
  CHECK_FALSE(unpack_tests(bomb));
}

TEST_CASE("columns that do not fit together, or keep no limit, are refused") {
  const TestColumns good = columns_of(a_report());
  REQUIRE(unpack_tests(repacked(good)));
  auto refused = [&good](auto damage) {
    TestColumns columns = good;
    damage(columns);
    return !unpack_tests(repacked(columns));
  };
  CHECK(refused([](TestColumns& c) { c.suite.pop_back(); }));
  CHECK(refused([](TestColumns& c) { c.suite[1] = 2; }));
  CHECK(refused([](TestColumns& c) { c.verdicts[0] = '5'; }));
  CHECK(refused([](TestColumns& c) { c.verdicts[0] = '\0'; }));
  CHECK(refused([](TestColumns& c) { c.durations_ms[0] = UINT64_MAX; }));
  CHECK(refused([](TestColumns& c) { c.texts[1].test = 3; }));
  CHECK(refused([](TestColumns& c) { c.texts[1].test = c.texts[0].test; }));
  CHECK(refused([](TestColumns& c) { c.texts[0].output.assign(limits::kTestTextBytes + 1, 'x'); }));
  CHECK(refused([](TestColumns& c) { c.names[0].assign(limits::kTestNameBytes + 1, 'x'); }));
  CHECK(refused([](TestColumns& c) {
    c.passed = 0;
    c.failed = 0;
  }));
  CHECK(refused([](TestColumns& c) { c.skipped = UINT64_MAX; }));
  CHECK(refused([](TestColumns& c) { c.notes.assign(limits::kTestNotes + 1, "n"); }));
}
