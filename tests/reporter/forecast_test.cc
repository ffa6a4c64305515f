#include "reporter/forecast.h"

#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {

wire::BuildRow build(uint64_t number, std::optional<Verdict> verdict,
                     const std::string& ref = "refs/heads/main") {
  wire::BuildRow row;
  row.build = BuildId{number};
  row.repository = "/srv/harbour";
  row.ref = ref;
  row.submitted = UnixMillis{static_cast<int64_t>(number)};
  row.state = verdict ? State::Finished : State::Running;
  row.verdict = verdict;
  return row;
}

wire::BuildRow with_job(Verdict verdict, int64_t took_ms, const std::string& name = "test") {
  wire::BuildRow row = build(1, verdict);
  row.jobs = {
      {JobId{1}, name, State::Finished, verdict, UnixMillis{1'000}, UnixMillis{1'000 + took_ms}}};
  return row;
}

}  // namespace

TEST_CASE("a job usually takes the median of what it took when it passed") {
  const std::vector<wire::BuildRow> builds{
      with_job(Verdict::Passed, 100), with_job(Verdict::Failed, 1), with_job(Verdict::Passed, 300),
      with_job(Verdict::Passed, 90'000), with_job(Verdict::Passed, 7, "lint")};
  CHECK(usual_duration(builds, "test") == Duration{300});
  CHECK_FALSE(usual_duration(builds, "lint"));
  CHECK_FALSE(usual_duration({}, "test"));
}

TEST_CASE("a branch fails since the oldest of the builds that failed one after the other") {
  const auto all = regressions_of({build(9, std::nullopt), build(8, Verdict::Failed),
                                   build(7, Verdict::Cancelled), build(6, Verdict::Failed),
                                   build(5, Verdict::Passed), build(4, Verdict::Failed)});
  REQUIRE(all.size() == 1);
  CHECK(all[0].first.build == BuildId{6});
  CHECK(all[0].last.build == BuildId{8});
  CHECK(all[0].count == 2);
  CHECK_FALSE(all[0].is_older);
}

TEST_CASE("what passes now does not fail, and the beginning of what always failed is not known") {
  CHECK(regressions_of({build(2, Verdict::Flaky), build(1, Verdict::Failed)}).empty());
  const auto all = regressions_of({build(3, Verdict::Failed, "refs/heads/topic"),
                                   build(2, Verdict::Failed), build(1, Verdict::Passed)});
  REQUIRE(all.size() == 2);
  CHECK(all[0].last.ref == "refs/heads/topic");
  CHECK(all[0].is_older);
  CHECK_FALSE(all[1].is_older);
}

TEST_CASE("of what is decided, flaky is good and cancelled does not count") {
  CHECK(
      good_permille({build(1, Verdict::Passed), build(2, Verdict::Flaky), build(3, Verdict::Failed),
                     build(4, Verdict::Cancelled), build(5, std::nullopt)}) == 666u);
  CHECK_FALSE(good_permille({build(1, Verdict::Skipped)}));
}
