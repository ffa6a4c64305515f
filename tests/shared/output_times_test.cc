#include "shared/model/output_times.h"

#include "shared/model/limits.h"
#include "tests/support/catch.h"

using namespace seaworthy;

namespace {

const OutputTimes kTimes{{10, 100}, {20, 300}, {30, std::nullopt}, {40, 700}};

}  // namespace

TEST_CASE("a byte was written at the time of the last place that is not behind it") {
  CHECK(time_at(kTimes, 9) == std::nullopt);
  CHECK(time_at(kTimes, 10) == 100u);
  CHECK(time_at(kTimes, 19) == 100u);
  CHECK(time_at(kTimes, 20) == 300u);
  CHECK(time_at(kTimes, 35) == std::nullopt);
  CHECK(time_at(kTimes, 4'000) == 700u);
}

TEST_CASE("a part of some output has its own times") {
  CHECK(times_of(kTimes, 0, 15) == OutputTimes{{10, 100}});
  CHECK(times_of(kTimes, 15, 21) == OutputTimes{{15, 100}, {20, 300}});
  CHECK(times_of(kTimes, 30, 50) == OutputTimes{{40, 700}});
  CHECK(times_of(kTimes, 25, 35) == OutputTimes{{25, 300}, {30, std::nullopt}});
  CHECK(times_of({{0, 1}, {2, std::nullopt}, {4, std::nullopt}}, 0, 9) ==
        OutputTimes{{0, 1}, {2, std::nullopt}});
  CHECK(times_of(kTimes, 10, 10).empty());
  CHECK(times_of({}, 0, 100).empty());
}

TEST_CASE("times that cannot be true of some output are not believed") {
  CHECK(are_sound(kTimes, 10, 41));
  CHECK(are_sound({}, 0, 0));
  CHECK_FALSE(are_sound(kTimes, 11, 41));
  CHECK_FALSE(are_sound(kTimes, 10, 40));
  CHECK_FALSE(are_sound({{1, 5}, {1, 6}}, 0, 10));
  CHECK_FALSE(are_sound({{2, 5}, {1, 6}}, 0, 10));
  CHECK_FALSE(are_sound({{1, 6}, {2, std::nullopt}, {3, 5}}, 0, 10));
  CHECK(are_sound({{1, limits::kOutputTimeMs}}, 0, 10));
  CHECK_FALSE(are_sound({{1, limits::kOutputTimeMs + 1}}, 0, 10));
  CHECK_FALSE(are_sound({{UINT64_MAX, 1}}, 0, UINT64_MAX));
  OutputTimes many;
  while (many.size() < limits::kTimesPerMessage) many.push_back({many.size(), 1});
  CHECK(are_sound(many, 0, 100'000));
  many.push_back({many.size(), 1});
  CHECK_FALSE(are_sound(many, 0, 100'000));
}
