#include "reporter/log_sections.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {
seaworthy::wire::AttemptRow attempt(std::vector<seaworthy::wire::StepResult> steps) {
  seaworthy::wire::AttemptRow row;
  row.output_bytes = 1'000;
  row.steps = std::move(steps);
  return row;
}
}  // namespace

TEST_CASE("a log folds into checkout, steps and what came after, with the failed step open") {
  const auto sections =
      sections_of(attempt({{"build", 0, 900, 100, 400}, {"test", 2, 50, 500, 300}}));
  REQUIRE(sections.size() == 4);
  CHECK(sections[0].name == "checkout");
  CHECK(sections[0].offset == 0);
  CHECK_FALSE(sections[1].is_open);
  CHECK(sections[1].offset == 100);
  CHECK(sections[2].is_open);
  CHECK(sections[2].is_failed());
  CHECK(sections[3].offset == 800);
  CHECK(sections[3].is_open);
  CHECK_FALSE(sections[3].exit_code);
}

TEST_CASE(
    "a job of one step shows it, and one of several that passed shows what there is to open") {
  CHECK(sections_of(attempt({{"run", 0, 900, 100, 400}}))[1].is_open);
  const auto passed = sections_of(attempt({{"a", 0, 1, 100, 10}, {"b", 0, 1, 110, 10}}));
  CHECK_FALSE(passed[1].is_open);
  CHECK_FALSE(passed[2].is_open);
}

TEST_CASE("places that cannot be are not believed") {
  CHECK(sections_of(attempt({})).empty());
  CHECK(sections_of(attempt({{"not told", 0, 1, 0, 0}})).empty());
  CHECK(sections_of(attempt({{"a", 0, 1, 500, 10}, {"b", 0, 1, 100, 10}})).empty());
  CHECK(sections_of(attempt({{"a", 0, 1, 500, 501}})).empty());
  CHECK(sections_of(attempt({{"a", 0, 1, 500, UINT64_MAX}})).empty());
}
