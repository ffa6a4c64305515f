// How many workers a pool runs: what starts one, what stops one, what never does.
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "worker/pool/core.h"

namespace seaworthy::worker::pool {
namespace {

using namespace std::chrono_literals;

class PoolFixture {
 public:
  PoolFixture(size_t least, size_t most) : core_({least, most, kIdle, " for [linux]"}) {
    happens(Tick{});
  }
  static constexpr Duration kIdle = 60s;

  PoolFixture& happens(const Event& event) {
    effects_ = core_.step(now_, event);
    return *this;
  }
  // Time passes, and the core is woken at each of its deadlines on the way, as a loop would.
  PoolFixture& passes(Duration time) {
    const Instant end = now_ + time;
    Effects all;
    for (int wake_ups = 0; wake_ups < 1'000; ++wake_ups) {
      const std::optional<Instant> due = core_.next_deadline();
      if (!due || *due > end) break;
      REQUIRE(*due > now_);
      now_ = *due;
      happens(Tick{});
      all.insert(all.end(), effects_.begin(), effects_.end());
    }
    now_ = end;
    happens(Tick{});
    all.insert(all.end(), effects_.begin(), effects_.end());
    effects_ = std::move(all);
    return *this;
  }
  PoolFixture& hears_of(uint64_t waiting) { return happens(DemandTold{waiting}); }
  PoolFixture& says(Slot slot, State state) { return happens(WorkerSaid{slot, state}); }
  PoolFixture& says(const std::vector<Slot>& slots, State state) {
    Effects all;
    for (const Slot slot : slots) {
      says(slot, state);
      all.insert(all.end(), effects_.begin(), effects_.end());
    }
    effects_ = std::move(all);
    return *this;
  }
  PoolFixture& ends(Slot slot, const std::string& how = "exit code 2") {
    return happens(WorkerEnded{slot, how});
  }

  // Of the last event, or passing of time.
  template <class E>
  std::vector<Slot> slots() const {
    std::vector<Slot> list;
    for (const Effect& effect : effects_)
      if (const E* one = std::get_if<E>(&effect)) list.push_back(one->slot);
    return list;
  }
  std::vector<Slot> started() const { return slots<Start>(); }
  std::vector<Slot> drained() const { return slots<Drain>(); }
  std::vector<std::string> said() const {
    std::vector<std::string> list;
    for (const Effect& effect : effects_)
      if (const Say* say = std::get_if<Say>(&effect); say && say->severity != Say::Severity::Debug)
        list.push_back(say->text);
    return list;
  }
  bool exits() const { return !effects_.empty() && std::holds_alternative<Exit>(effects_.back()); }
  const Core& core() const { return core_; }

 private:
  Core core_;
  Instant now_{Duration{1'000'000}};
  Effects effects_;
};

using Slots = std::vector<Slot>;
using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a pool starts with as many workers as are always there") {
  CHECK(PoolFixture(0, 8).started().empty());
  PoolFixture pool(2, 8);
  CHECK(pool.started() == Slots{1, 2});
  CHECK(pool.said() == Words{"starting 2 workers, for 2 that are always there (2 of 8)"});
  CHECK_FALSE(pool.core().next_deadline());
}

TEST_CASE("jobs that nobody will take start a worker each, at once") {
  PoolFixture pool(0, 8);
  pool.hears_of(2);
  CHECK(pool.started() == Slots{1, 2});
  CHECK(pool.said() == Words{"2 jobs wait for [linux]: starting 2 workers (2 of 8)"});
  pool.hears_of(5);
  CHECK(pool.started() == Slots{3, 4, 5});
  CHECK(pool.said() == Words{"5 jobs wait for [linux]: starting 3 more workers (5 of 8)"});
  pool.hears_of(5);
  CHECK(pool.started().empty());
}

TEST_CASE("there are never more workers than there may be, those that stop included") {
  PoolFixture pool(0, 2);
  pool.hears_of(100);
  CHECK(pool.started() == Slots{1, 2});
  pool.says({1, 2}, State::Idle).hears_of(0).passes(PoolFixture::kIdle);
  CHECK(pool.drained().size() == 2);
  pool.hears_of(1);
  CHECK(pool.started().empty());
  pool.ends(1, "exit code 0");
  CHECK(pool.started() == Slots{1});
}

TEST_CASE("an idle worker and one that is starting take a job that waits: no other is started") {
  PoolFixture pool(2, 8);
  pool.says(1, State::Idle).hears_of(2);
  CHECK(pool.started().empty());
  pool.hears_of(3);
  CHECK(pool.started() == Slots{3});
}

TEST_CASE("a worker's word that it has a job may come before the broker's that one less waits") {
  PoolFixture pool(0, 8);
  pool.hears_of(1).passes(100ms).says(1, State::Idle).passes(100ms).says(1, State::Busy);
  CHECK(pool.started().empty());
  SECTION("and then it does") {
    CHECK(pool.hears_of(0).started().empty());
    CHECK(pool.passes(10s).started().empty());
  }
  SECTION("or it was another job, and the one still waits") {
    CHECK(pool.passes(kOvertakes).started() == Slots{2});
  }
  SECTION("or the broker says that one waits still") {
    CHECK(pool.passes(10ms).hears_of(1).started() == Slots{2});
  }
}

TEST_CASE("workers that were not needed for a while are stopped, but for those that always stay") {
  PoolFixture pool(1, 8);
  pool.hears_of(4).says({1, 2, 3, 4}, State::Idle).hears_of(0);
  CHECK(pool.passes(PoolFixture::kIdle - 1ms).drained().empty());
  pool.passes(1ms);
  CHECK(pool.drained() == Slots{4, 3, 2});
  CHECK(pool.said() == Words{"3 workers were not needed for 1 min: stopping them (1 of 8)"});
  CHECK(pool.ends(4, "exit code 0").said().empty());
  CHECK(pool.passes(1h).drained().empty());
  CHECK(pool.started().empty());
}

TEST_CASE("a worker with a job is never stopped") {
  PoolFixture pool(0, 4);
  pool.hears_of(2).says({1, 2}, State::Busy).hears_of(0).passes(24h);
  CHECK(pool.drained().empty());
  pool.says(2, State::Idle).passes(24h);
  CHECK(pool.drained() == Slots{2});
  pool.says(1, State::Idle).says(1, State::Offline).passes(24h);
  CHECK(pool.drained().empty());
}

TEST_CASE("a broker that gives each its turn keeps no more workers than its jobs need") {
  PoolFixture pool(0, 4);
  pool.hears_of(4).says({1, 2, 3, 4}, State::Idle).hears_of(0);
  Slots drained;
  // One job at a time, a worker each, in turn: none is ever idle for long.
  for (Slot turn = 0; turn < 20 && drained.empty(); ++turn) {
    const Slot slot = turn % 4 + 1;
    pool.says(slot, State::Busy).passes(6s);
    drained = pool.drained();
    pool.says(slot, State::Idle);
  }
  CHECK(drained.size() == 3);
}

TEST_CASE("a job that comes while a worker is being stopped starts another") {
  PoolFixture pool(0, 4);
  pool.hears_of(1).says(1, State::Idle).hears_of(0).passes(PoolFixture::kIdle);
  REQUIRE(pool.drained() == Slots{1});
  pool.says(1, State::Busy).hears_of(1);
  CHECK(pool.started() == Slots{2});
  CHECK(pool.ends(1, "exit code 0").said().empty());
}

TEST_CASE("while no broker answers, what there is stays and nothing is started") {
  PoolFixture pool(0, 4);
  pool.hears_of(3).says({1, 2, 3}, State::Idle).hears_of(0);
  pool.happens(DemandUnknown{}).says({1, 2, 3}, State::Offline).passes(24h);
  CHECK(pool.drained().empty());
  CHECK(pool.started().empty());
  pool.hears_of(2);
  CHECK(pool.started().empty());
}

TEST_CASE("a worker that ends by itself is started again only when it is asked for") {
  PoolFixture pool(1, 4);
  pool.hears_of(2).says({1, 2}, State::Busy).hears_of(0).passes(1h);
  pool.ends(2, "signal 9 (Killed)");
  CHECK(pool.said() == Words{"worker 2 ended by itself: signal 9 (Killed)"});
  CHECK(pool.started().empty());
  CHECK(pool.ends(1, "signal 9 (Killed)").started() == Slots{1});
  CHECK(pool.hears_of(2).started() == Slots{2});
}

TEST_CASE(
    "starts that fail are tried again one at a time, ever later, and the reason is said once") {
  PoolFixture pool(3, 3);
  pool.passes(10ms).ends(1, "cannot write");
  CHECK(pool.said().size() == 1);
  CHECK(pool.said().front() ==
        "worker 1 could not be started: cannot write; tries again, with pauses of 1 s to 1 min");
  CHECK(pool.ends(2, "cannot write").said().empty());
  CHECK(pool.ends(3, "cannot write there either").said().empty());
  Duration pause = 1s;
  for (int round = 0; round < 10; ++round) {
    CHECK(pool.passes(pause - 1ms).started().empty());
    pool.passes(1ms);
    REQUIRE(pool.started().size() == 1);
    CHECK(pool.said().empty());
    const Slot slot = pool.started().front();
    CHECK(pool.ends(slot, "cannot write").said().empty());
    pause = std::min(pause * 2, kRetryLongest);
  }
  pool.passes(pause);
  REQUIRE(pool.started().size() == 1);
  CHECK(pool.ends(pool.started().front(), "cannot read").said().size() == 1);
}

TEST_CASE("a process that cannot be made is a start that failed") {
  PoolFixture pool(1, 1);
  pool.happens(StartFailed{1, "no memory"});
  CHECK(pool.said().size() == 1);
  CHECK(pool.started().empty());
  CHECK(pool.passes(1s).started() == Slots{1});
}

TEST_CASE("one worker that stays well means that others can be started again") {
  PoolFixture pool(3, 3);
  pool.passes(1ms).ends(1).ends(2).ends(3).passes(1s);
  REQUIRE(pool.started().size() == 1);
  pool.passes(kEndsSoon - 1ms);
  CHECK(pool.started().empty());
  pool.passes(1ms);
  CHECK(pool.said().front() == "workers can be started again");
  CHECK(pool.started().size() == 2);
  CHECK_FALSE(pool.core().next_deadline());
}

TEST_CASE("a place that could not be taken is tried after the others") {
  PoolFixture pool(1, 3);
  pool.passes(10ms).ends(1, "process 17 uses it").passes(1s);
  CHECK(pool.started() == Slots{2});
}

TEST_CASE("the first request to stop drains all workers, and the pool ends with the last") {
  PoolFixture pool(0, 4);
  pool.hears_of(3).says({1, 2}, State::Busy).says(3, State::Idle).happens(DrainRequested{});
  CHECK(pool.drained() == Slots{1, 2, 3});
  CHECK(pool.said().front() ==
        "was asked to stop: 2 workers will finish a job first (a second signal gives them back)");
  CHECK_FALSE(pool.exits());
  CHECK(pool.ends(3, "exit code 0").hears_of(7).started().empty());
  CHECK(pool.passes(1h).drained().empty());
  pool.ends(1, "exit code 0");
  CHECK_FALSE(pool.exits());
  CHECK(pool.ends(2, "exit code 0").exits());
}

TEST_CASE("the second request to stop makes all leave, whoever was being stopped before") {
  PoolFixture pool(0, 2);
  pool.hears_of(2).says(1, State::Busy).says(2, State::Idle).hears_of(0);
  pool.passes(PoolFixture::kIdle);
  REQUIRE(pool.drained() == Slots{2});
  CHECK(pool.happens(DrainRequested{}).drained() == Slots{1});
  CHECK(pool.happens(LeaveRequested{}).slots<Leave>() == Slots{1, 2});
  CHECK(pool.happens(LeaveRequested{}).slots<Leave>().empty());
}

TEST_CASE("a pool without workers ends when it is asked to") {
  PoolFixture pool(0, 2);
  CHECK(pool.happens(DrainRequested{}).exits());
}

}  // namespace seaworthy::worker::pool
