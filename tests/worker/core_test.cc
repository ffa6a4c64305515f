#include "tests/worker/core_fixture.h"

namespace seaworthy::worker {

TEST_CASE("a worker says hello until a broker welcomes it") {
  CoreFixture worker;
  worker.happens(Tick{});
  REQUIRE(worker.sent<wire::Hello>().size() == 1);
  CHECK(worker.sent<wire::Hello>()[0].worker == "w");
  CHECK(worker.sent<wire::Hello>()[0].boot == kBoot);
  CHECK(worker.core().phase() == Phase::Offline);

  CHECK(worker.passes(60s).sent<wire::Hello>().size() >= 24);
  worker.is_welcomed();
  CHECK(worker.core().phase() == Phase::Idle);
  CHECK(worker.hears_heartbeat_ok().passes(10s).sent<wire::Hello>().empty());
}

TEST_CASE("hellos come every two seconds, give or take a quarter") {
  CoreFixture worker;
  worker.happens(Tick{}).passes(30s);  // the reconnects, which say hello too, are rare now
  const Instant start = worker.now();
  std::vector<Instant> at;
  while (worker.now() < start + 8s) {
    worker.passes(1ms);
    if (!worker.sent<wire::Hello>().empty() && worker.wanted<Reconnect>().empty())
      at.push_back(worker.now());
  }
  REQUIRE(at.size() >= 3);
  for (size_t i = 1; i < at.size(); ++i) CHECK(at[i] - at[i - 1] <= 2500ms);
}

TEST_CASE("hellos of two workers with different seeds are spread") {
  Settings one, other;
  one.seed = 1, other.seed = 2;
  CoreFixture a(one), b(other);
  a.happens(Tick{}), b.happens(Tick{});
  CHECK(a.core().next_deadline() != b.core().next_deadline());
}

TEST_CASE("a worker without a broker makes new connections, ever more slowly") {
  CoreFixture worker;
  worker.happens(Tick{});
  CHECK(worker.passes(40s).wanted<Reconnect>().size() == 2);
  worker.passes(120s);
  const size_t later = worker.passes(80s).wanted<Reconnect>().size();
  CHECK(later >= 1);
  CHECK(later <= 4);
}

TEST_CASE("a new connection has time to stand in line at a broker that everybody comes back to") {
  CoreFixture worker;
  worker.is_welcomed();
  const Instant start = worker.now();
  while (worker.wanted<Reconnect>().empty() && worker.now() < start + 60s) worker.passes(1ms);
  REQUIRE(worker.wanted<Reconnect>().size() == 1);
  CHECK(worker.passes(5s).wanted<Reconnect>().empty());
}

TEST_CASE("a hello that found no connection is said again as soon as there is one") {
  CoreFixture worker;
  worker.happens(Tick{});
  CHECK(worker.happens(Writable{}).sent<wire::Hello>().size() == 1);
}

TEST_CASE("a welcomed worker offers its slot at once and again while it is free") {
  CoreFixture worker;
  worker.is_welcomed();
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 1);
  CHECK(worker.sent<wire::Ready>()[0].boot == kBoot);
  CHECK(worker.passes(worker.timing.ready).sent<wire::Ready>().size() == 1);
  worker.is_assigned(attempt(1));
  CHECK(worker.hears_heartbeat_ok().passes(10s).sent<wire::Ready>().empty());
}

TEST_CASE("a worker sends heartbeats with what it holds") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).happens(Measured{250, 1000});
  const auto beats = worker.passes(worker.timing.heartbeat).sent<wire::Heartbeat>();
  REQUIRE(beats.size() == 1);
  REQUIRE(beats[0].held.size() == 1);
  CHECK(beats[0].held[0].job == JobId{7});
  CHECK_FALSE(beats[0].held[0].finished);
  CHECK(beats[0].load_permille == 250);
  CHECK(beats[0].free_disk_bytes == 1000);
}

TEST_CASE("three heartbeats of silence are answered with a new connection and a hello") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7));
  worker.passes(worker.timing.heartbeat * 3 - 1ms);
  CHECK(worker.wanted<Reconnect>().empty());
  worker.passes(1ms);
  CHECK(worker.wanted<Reconnect>().size() == 1);
  REQUIRE(worker.sent<wire::Hello>().size() == 1);
  REQUIRE(worker.sent<wire::Hello>()[0].held.size() == 1);
  CHECK(worker.wanted<KillAttempt>().empty());  // the job goes on as an orphan
}

TEST_CASE("any message of the broker counts against silence") {
  CoreFixture worker;
  worker.is_welcomed();
  for (int i = 0; i < 20; ++i) {
    worker.passes(worker.timing.heartbeat * 2);
    CHECK(worker.wanted<Reconnect>().empty());
    worker.hears_recorded(attempt(99));
  }
}

TEST_CASE("a broker that does not know the worker is told hello at once, and once") {
  CoreFixture worker;
  worker.is_welcomed();
  const wire::Error no_session{wire::ErrorCode::NoSession, "say hello", true, 0};
  CHECK(worker.hears(no_session).sent<wire::Hello>().size() == 1);
  CHECK(worker.hears(no_session).sent<wire::Hello>().empty());
}

TEST_CASE("a broker that refuses is asked again only after the time it named") {
  CoreFixture worker;
  worker.happens(Tick{});
  worker.hears(wire::Error{wire::ErrorCode::Overloaded, "too many", true, 20'000});
  CHECK(worker.passes(19'999ms).sent<wire::Hello>().empty());
  CHECK(worker.passes(1ms).sent<wire::Hello>().size() == 1);
}

TEST_CASE("messages for another boot are dropped") {
  CoreFixture worker;
  worker.is_welcomed();
  worker.hears(
      wire::Assign{worker.epoch, kOtherBoot, JobId{1}, AttemptNumber{1}, {}, "", "", "", {}});
  CHECK(worker.effects().empty());
  CHECK(worker.core().ignored().other_boot == 1);
}

TEST_CASE("messages of a deposed broker are dropped") {
  CoreFixture worker;
  worker.is_welcomed();
  worker.hears(wire::Assign{Epoch{4}, kBoot, JobId{1}, AttemptNumber{1}, {}, "", "", "", {}});
  CHECK(worker.effects().empty());
  CHECK(worker.core().ignored().older_epoch == 1);
}

TEST_CASE("a deposed broker cannot welcome a worker, which says what is the matter") {
  CoreFixture worker;
  worker.is_welcomed().hears(wire::Error{wire::ErrorCode::NoSession, "", true, 0});
  worker.epoch = Epoch{4};
  worker.is_welcomed();
  CHECK(worker.core().phase() == Phase::Offline);
  REQUIRE(worker.wanted<Say>().size() == 1);
  CHECK(worker.wanted<Say>()[0].severity == Say::Severity::Warning);
}

TEST_CASE("an assigned job is accepted and started") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7, 2));
  REQUIRE(worker.sent<wire::Accept>().size() == 1);
  CHECK(worker.sent<wire::Accept>()[0].job == JobId{7});
  CHECK(worker.sent<wire::Accept>()[0].attempt == AttemptNumber{2});
  REQUIRE(worker.wanted<StartAttempt>().size() == 1);
  CHECK(worker.core().phase() == Phase::Running);
}

TEST_CASE("a second job is declined with the reason while one runs") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).is_assigned(attempt(8));
  REQUIRE(worker.sent<wire::Decline>().size() == 1);
  CHECK(worker.sent<wire::Decline>()[0].reason == "it is busy");
  CHECK(worker.wanted<StartAttempt>().empty());
}

TEST_CASE("a repeated assignment is accepted again and started once") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).is_assigned(attempt(7));
  CHECK(worker.sent<wire::Accept>().size() == 1);
  CHECK(worker.wanted<StartAttempt>().empty());
}

TEST_CASE("a late copy of an assignment does not run a recorded attempt again") {
  CoreFixture worker;
  worker.is_welcomed()
      .is_assigned(attempt(7, 2))
      .ended(attempt(7, 2))
      .hears_recorded(attempt(7, 2));
  CHECK(worker.is_assigned(attempt(7, 2)).wanted<StartAttempt>().empty());
  CHECK(worker.is_assigned(attempt(7, 1)).wanted<StartAttempt>().empty());
  CHECK(worker.is_assigned(attempt(7, 3)).wanted<StartAttempt>().size() == 1);
}

TEST_CASE("a worker whose disk is nearly full offers nothing and declines") {
  Settings settings;
  settings.least_free_disk_bytes = 100;
  CoreFixture worker(settings);
  worker.is_welcomed().happens(Measured{0, 99});
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 0);
  CHECK(worker.is_assigned(attempt(1)).sent<wire::Decline>().size() == 1);
  for (const wire::Ready& ready : worker.hears_heartbeat_ok().passes(10s).sent<wire::Ready>())
    CHECK(ready.slots == 0);
  worker.happens(Measured{0, 100});
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 1);
}

TEST_CASE("a cancelled attempt is ended once, and its outcome reported") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7));
  worker.hears(wire::CancelAttempt{worker.epoch, kBoot, JobId{7}, AttemptNumber{1}});
  CHECK(worker.wanted<EndAttempt>().size() == 1);
  CHECK(worker.hears_heartbeat_ok({}, {attempt(7)}).wanted<EndAttempt>().empty());
  worker.ended(attempt(7), Outcome::Cancelled);
  REQUIRE(worker.sent<wire::AttemptFinished>().size() == 1);
  CHECK(worker.sent<wire::AttemptFinished>()[0].outcome == Outcome::Cancelled);
  CHECK(worker.sent<wire::AttemptFinished>()[0].boot == kBoot);
}

TEST_CASE("a heartbeat's answer can cancel") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7));
  CHECK(worker.hears_heartbeat_ok({}, {attempt(7)}).wanted<EndAttempt>().size() == 1);
}

TEST_CASE("a revoked attempt is killed and never reported") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).wrote(attempt(7), 100);
  worker.hears_heartbeat_ok({attempt(7)});
  CHECK(worker.wanted<KillAttempt>().size() == 1);
  worker.ended(attempt(7), Outcome::Failed, 200);
  CHECK(worker.sent<wire::AttemptFinished>().empty());
  CHECK(worker.chunks().empty());
  // The slot is free only when no process of it is left.
  CHECK(worker.is_assigned(attempt(8)).sent<wire::Decline>().size() == 1);
  worker.happens(AttemptGone{attempt(7)});
  CHECK(worker.wanted<DiscardSpool>().size() == 1);
  CHECK(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.passes(14s).sent<wire::AttemptFinished>().empty());
}

TEST_CASE("a welcome tells which attempts are no longer the worker's") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).ended(attempt(7)).is_assigned(attempt(8));
  worker.is_welcomed({}, {attempt(7), attempt(8)});
  CHECK(worker.wanted<DiscardSpool>().size() == 1);
  CHECK(worker.wanted<KillAttempt>().size() == 1);
  CHECK(worker.sent<wire::AttemptFinished>().empty());
}

TEST_CASE("a finished attempt is reported again and again until it is recorded") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).ended(attempt(7));
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
  CHECK(worker.core().phase() == Phase::Reporting);
  worker.passes(1499ms);
  CHECK(worker.sent<wire::AttemptFinished>().empty());
  worker.passes(1ms);
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
  worker.passes(2999ms);
  CHECK(worker.sent<wire::AttemptFinished>().empty());
  worker.passes(1ms);
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
  for (int minute = 0; minute < 10; ++minute) {
    size_t reports = 0;
    for (int i = 0; i < 12; ++i)
      reports += worker.hears_heartbeat_ok().passes(5s).sent<wire::AttemptFinished>().size();
    CHECK(reports >= 1);
    CHECK(reports <= 6);
  }
  worker.hears_recorded(attempt(7));
  CHECK(worker.wanted<DiscardSpool>().size() == 1);
  CHECK(worker.passes(10s).sent<wire::AttemptFinished>().empty());
  CHECK(worker.core().phase() == Phase::Idle);
}

TEST_CASE("a superseded outcome is done with, too") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).ended(attempt(7)).hears_recorded(attempt(7), true);
  CHECK(worker.wanted<DiscardSpool>().size() == 1);
}

TEST_CASE("the next job may come while an outcome still waits to be recorded") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).ended(attempt(7));
  CHECK(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.is_assigned(attempt(8)).wanted<StartAttempt>().size() == 1);
  const auto held = worker.passes(worker.timing.heartbeat).sent<wire::Heartbeat>().at(0).held;
  REQUIRE(held.size() == 2);
  CHECK(held[0].finished);
  CHECK_FALSE(held[1].finished);
}

TEST_CASE("an outcome without a broker is reported when one welcomes the worker") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7));
  worker.passes(30s);
  CHECK(worker.core().phase() == Phase::Offline);
  CHECK(worker.ended(attempt(7)).sent<wire::AttemptFinished>().empty());
  worker.passes(60s);
  REQUIRE_FALSE(worker.sent<wire::Hello>().empty());
  CHECK(worker.sent<wire::Hello>().back().held.at(0).finished);
  worker.is_welcomed({{JobId{7}, AttemptNumber{1}, 0}});
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
}

TEST_CASE("an outcome of an earlier life is reported with the boot of this one") {
  CoreFixture worker;
  wire::AttemptFinished report;
  report.boot = kOtherBoot;
  report.job = JobId{7};
  report.attempt = AttemptNumber{3};
  report.output_bytes = 10;
  worker.happens(Recovered{report}).happens(Tick{});
  worker.is_welcomed({{JobId{7}, AttemptNumber{3}, 4}});
  CHECK(worker.chunks() == std::vector<std::pair<uint64_t, size_t>>{{4, 6}});
  REQUIRE(worker.sent<wire::AttemptFinished>().size() == 1);
  CHECK(worker.sent<wire::AttemptFinished>()[0].boot == kBoot);
  CHECK(worker.sent<wire::Ready>().size() == 1);
}

TEST_CASE("a drained worker that runs nothing leaves at once") {
  CoreFixture worker;
  worker.is_welcomed().happens(DrainRequested{});
  CHECK(worker.sent<wire::Goodbye>().size() == 1);
  CHECK(worker.wanted<Exit>().size() == 1);
}

TEST_CASE("a worker that never met a broker leaves at once, too") {
  CoreFixture worker;
  worker.happens(Tick{}).happens(DrainRequested{});
  CHECK(worker.sent<wire::Goodbye>().empty());
  CHECK(worker.wanted<Exit>().size() == 1);
}

TEST_CASE("a drained worker finishes its job, takes no other, and leaves when it is recorded") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).happens(DrainRequested{});
  CHECK(worker.wanted<Exit>().empty());
  REQUIRE(worker.sent<wire::Ready>().size() == 1);
  CHECK(worker.sent<wire::Ready>()[0].slots == 0);
  CHECK(worker.is_assigned(attempt(8)).sent<wire::Decline>().at(0).reason == "it is draining");
  worker.ended(attempt(7));
  CHECK(worker.sent<wire::Ready>().empty());
  CHECK(worker.wanted<Exit>().empty());
  worker.hears_recorded(attempt(7));
  CHECK(worker.sent<wire::Goodbye>().size() == 1);
  CHECK(worker.wanted<Exit>().size() == 1);
  CHECK_FALSE(worker.core().next_deadline());
}

TEST_CASE("a drained worker waits only a moment for an outcome that no broker records") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).happens(DrainRequested{}).ended(attempt(7));
  CHECK(worker.passes(rules::kLastWord).wanted<Exit>().size() == 1);
}

TEST_CASE("the second signal gives the job back") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).happens(DrainRequested{}).happens(LeaveRequested{});
  CHECK(worker.wanted<KillAttempt>().size() == 1);
  CHECK(worker.wanted<Exit>().empty());
  worker.happens(AttemptGone{attempt(7)});
  CHECK(worker.wanted<DiscardSpool>().size() == 1);
  CHECK(worker.sent<wire::Goodbye>().size() == 1);
  CHECK(worker.wanted<Exit>().size() == 1);
}

TEST_CASE("a killed job that does not go holds the exit up only for a while") {
  CoreFixture worker;
  worker.is_welcomed().is_assigned(attempt(7)).happens(LeaveRequested{});
  CHECK(worker.passes(rules::kLeaveAtLatest).wanted<Exit>().size() == 1);
}

TEST_CASE("a drain that takes longer than its time-out gives the job back") {
  Settings settings;
  settings.drain_timeout = 7s;
  CoreFixture worker(settings);
  worker.is_welcomed().is_assigned(attempt(7)).happens(DrainRequested{});
  CHECK(worker.passes(6'999ms).wanted<KillAttempt>().empty());
  CHECK(worker.passes(1ms).wanted<KillAttempt>().size() == 1);
}

TEST_CASE("a timing that makes no sense is obeyed as far as it does") {
  CoreFixture longest;
  longest.timing.heartbeat = Duration::max();
  longest.timing.ready = Duration::max();
  CHECK(longest.is_welcomed().passes(rules::kLongestInterval).sent<wire::Heartbeat>().size() == 1);
  CoreFixture shortest;
  shortest.timing.heartbeat = Duration{0};
  shortest.timing.ready = Duration{0};
  shortest.is_welcomed();
  CHECK(shortest.passes(2 * rules::kShortestInterval).sent<wire::Heartbeat>().size() == 2);
}

TEST_CASE("a message that is not for workers changes nothing") {
  CoreFixture worker;
  worker.is_welcomed().hears(wire::Ping{});
  CHECK(worker.effects().empty());
  CHECK(worker.core().ignored().not_for_workers == 1);
}

}  // namespace seaworthy::worker
