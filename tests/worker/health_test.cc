// A worker whose host is not to be trusted with a job.
#include "tests/worker/core_fixture.h"

namespace seaworthy::worker {
namespace {

// The worker's next job ends so.
CoreFixture& has_job(CoreFixture& worker, uint64_t job, Outcome outcome, uint32_t number = 1) {
  worker.is_assigned(attempt(job, number));
  REQUIRE(worker.wanted<StartAttempt>().size() == 1);
  return worker.ended(attempt(job, number), outcome);
}

void is_broken_three_times(CoreFixture& worker) {
  for (const uint64_t job : {1u, 2u, 3u}) has_job(worker, job, Outcome::Broken);
}

// Hears from its broker all the while. Whether a slot was offered meanwhile.
bool offers_a_slot_within(CoreFixture& worker, Duration time) {
  bool offered = false;
  for (Duration passed{0}; passed < time; passed += 1s) {
    worker.hears_heartbeat_ok();
    for (const wire::Ready& ready : worker.sent<wire::Ready>()) offered |= ready.slots > 0;
    worker.passes(1s);
    for (const wire::Ready& ready : worker.sent<wire::Ready>()) offered |= ready.slots > 0;
  }
  return offered;
}

std::vector<std::string> warnings(const CoreFixture& worker) {
  std::vector<std::string> texts;
  for (const Say& say : worker.wanted<Say>())
    if (say.severity == Say::Severity::Warning) texts.push_back(say.text);
  return texts;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("after three Broken in a row a worker takes no job and says why to log and broker") {
  CoreFixture worker;
  worker.is_welcomed();
  has_job(worker, 1, Outcome::Broken);
  has_job(worker, 2, Outcome::Broken);
  CHECK(warnings(worker).empty());
  wire::AttemptFinished report;
  report.job = JobId{3};
  report.attempt = AttemptNumber{1};
  report.outcome = Outcome::Broken;
  report.detail = "the repository is away";
  worker.is_assigned(attempt(3)).happens(AttemptEnded{report});
  REQUIRE(warnings(worker).size() == 1);
  CHECK(contains(warnings(worker)[0], "3 jobs in a row"));
  CHECK(contains(warnings(worker)[0], "the repository is away"));
  CHECK(contains(warnings(worker)[0], "after 1 min"));
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 0);
  CHECK(contains(worker.sent<wire::Ready>()[0].reason, "the repository is away"));
  REQUIRE(worker.is_assigned(attempt(4)).sent<wire::Decline>().size() == 1);
  CHECK(contains(worker.sent<wire::Decline>()[0].reason, "the repository is away"));
}

TEST_CASE("one job that is Broken again and again says nothing about the host") {
  CoreFixture worker;
  worker.is_welcomed();
  for (const uint32_t number : {1u, 2u, 3u, 4u}) has_job(worker, 1, Outcome::Broken, number);
  CHECK(warnings(worker).empty());
}

TEST_CASE("an outcome that shows the host at work breaks the row, a cancelled job does not") {
  for (Outcome outcome : {Outcome::Passed, Outcome::Failed, Outcome::Cancelled}) {
    CoreFixture worker;
    worker.is_welcomed();
    has_job(worker, 1, Outcome::Broken);
    has_job(worker, 2, Outcome::Broken);
    has_job(worker, 3, outcome);
    has_job(worker, 4, Outcome::Broken);
    CHECK(warnings(worker).empty() == (outcome != Outcome::Cancelled));
  }
}

TEST_CASE("a sick worker tries one job after a minute, and waits twice as long if that is Broken") {
  CoreFixture worker;
  worker.is_welcomed();
  is_broken_three_times(worker);
  uint64_t job = 3;
  for (Duration pause : {60s, 120s, 240s, 480s, 960s, 1800s, 1800s}) {
    CHECK_FALSE(offers_a_slot_within(worker, pause - 1s));
    CHECK(offers_a_slot_within(worker, 2s));
    has_job(worker, ++job, Outcome::Broken);
    REQUIRE(warnings(worker).size() == 1);
  }
}

TEST_CASE("one job that can be run makes a sick worker well") {
  CoreFixture worker;
  worker.is_welcomed();
  is_broken_three_times(worker);
  CHECK(offers_a_slot_within(worker, 61s));
  has_job(worker, 4, Outcome::Failed);
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 1);
  CHECK(worker.sent<wire::Ready>()[0].reason.empty());
  has_job(worker, 5, Outcome::Broken);
  CHECK(worker.sent<wire::Ready>().at(0).slots == 1);
  has_job(worker, 6, Outcome::Broken);
  has_job(worker, 7, Outcome::Broken);
  CHECK(contains(warnings(worker).at(0), "after 1 min"));  // from the beginning
}

TEST_CASE("a broker that welcomes a sick worker is told so") {
  CoreFixture worker;
  worker.is_welcomed();
  is_broken_three_times(worker);
  worker.hears(wire::Error{wire::ErrorCode::NoSession, "", true, 0}).is_welcomed();
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 0);
  CHECK_FALSE(worker.sent<wire::Ready>()[0].reason.empty());
}

TEST_CASE("a wall clock that jumps makes a worker wait until it has been steady for a minute") {
  for (Duration by : {Duration{3'600'000}, Duration{-3'600'000}}) {
    CoreFixture worker;
    worker.is_welcomed().passes(1s).clock_is_set(by).happens(Tick{});
    REQUIRE(warnings(worker).size() == 1);
    CHECK(contains(warnings(worker)[0], by > Duration{0} ? "jumped 60 min ahead" : "60 min back"));
    CHECK(worker.sent<wire::Ready>().at(0).slots == 0);
    CHECK_FALSE(offers_a_slot_within(worker, 30s));
    worker.clock_is_set(-by).happens(Tick{});  // again
    CHECK_FALSE(offers_a_slot_within(worker, 59s));
    CHECK(offers_a_slot_within(worker, 2s));
  }
}

TEST_CASE("a clock that is adjusted gently, and a machine that slept, are no trouble") {
  CoreFixture worker;
  worker.is_welcomed().passes(1s).clock_is_set(4s).happens(Tick{});
  CHECK(warnings(worker).empty());
  worker.clock_is_set(-4s).happens(Tick{});
  CHECK(warnings(worker).empty());
  worker.passes(8h);  // both clocks have gone on
  for (const std::string& text : warnings(worker)) CHECK_FALSE(contains(text, "clock"));
}

TEST_CASE("a worker that becomes well while its job runs takes its complaint back at once") {
  Settings settings;
  settings.least_free_disk_bytes = 100;
  CoreFixture worker(settings);
  worker.is_welcomed().is_assigned(attempt(1)).happens(Measured{0, 99});
  CHECK(worker.sent<wire::Ready>().at(0).reason.find("--min-free-disk") != std::string::npos);
  worker.happens(Measured{0, 100});
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 0);
  CHECK(worker.sent<wire::Ready>()[0].reason.empty());
}

TEST_CASE("a sick worker that is asked to stop speaks of its sickness no more") {
  Settings settings;
  settings.least_free_disk_bytes = 100;
  CoreFixture worker(settings);
  worker.is_welcomed().is_assigned(attempt(1)).happens(Measured{0, 99}).happens(DrainRequested{});
  for (const wire::Ready& ready : worker.sent<wire::Ready>()) CHECK(ready.reason.empty());
  for (const wire::Ready& ready : worker.hears_heartbeat_ok().passes(12s).sent<wire::Ready>())
    CHECK(ready.reason.empty());
}

}  // namespace seaworthy::worker
