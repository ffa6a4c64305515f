#include "tests/worker/core_fixture.h"

namespace seaworthy::worker {
namespace {

using Chunks = std::vector<std::pair<uint64_t, size_t>>;
constexpr size_t kChunk = limits::kOutputChunkBytes;

// Credit for two chunks and a half.
CoreFixture running_worker() {
  CoreFixture worker;
  worker.credit = 2 * kChunk + kChunk / 2;
  worker.is_welcomed().is_assigned(attempt(7));
  return worker;
}

}  // namespace

TEST_CASE("output is sent as soon as it grows") {
  CoreFixture worker = running_worker();
  CHECK(worker.wrote(attempt(7), 10).chunks() == Chunks{{0, 10}});
  CHECK(worker.wrote(attempt(7), 25).chunks() == Chunks{{10, 15}});
}

TEST_CASE("output is sent in chunks, and no more than the credit unacknowledged") {
  CoreFixture worker = running_worker();
  CHECK(worker.wrote(attempt(7), 10 * kChunk).chunks() ==
        Chunks{{0, kChunk}, {kChunk, kChunk}, {2 * kChunk, kChunk / 2}});
  CHECK(worker.wrote(attempt(7), 11 * kChunk).chunks().empty());
  CHECK(worker.hears_output_ok(attempt(7), kChunk).chunks() ==
        Chunks{{2 * kChunk + kChunk / 2, kChunk}});
}

TEST_CASE("the broker may change the credit with each acknowledgement") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 20 * kChunk);
  CHECK(worker.hears_output_ok(attempt(7), kChunk, kChunk).chunks().empty());
  CHECK(worker.hears_output_ok(attempt(7), 2 * kChunk).chunks() ==
        Chunks{{2 * kChunk + kChunk / 2, kChunk / 2}});
  CHECK(worker.hears_output_ok(attempt(7), 3 * kChunk, 3 * kChunk).chunks().size() == 3);
}

TEST_CASE("a new conversation begins with the credit of its welcome") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 20 * kChunk).hears_output_ok(attempt(7), 10, 10);
  CHECK(worker.is_welcomed({{JobId{7}, AttemptNumber{1}, 0}}).chunks() ==
        Chunks{{0, kChunk}, {kChunk, kChunk}, {2 * kChunk, kChunk / 2}});
}

TEST_CASE("output that is not acknowledged is sent again after three seconds") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100).hears_output_ok(attempt(7), 40);
  CHECK(worker.passes(2'999ms).chunks().empty());
  CHECK(worker.passes(1ms).chunks() == Chunks{{40, 60}});
  worker.hears_output_ok(attempt(7), 100);
  CHECK(worker.passes(10s).chunks().empty());
}

TEST_CASE("after a welcome output goes on where the broker has it") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100);
  CHECK(worker.is_welcomed({{JobId{7}, AttemptNumber{1}, 30}}).chunks() == Chunks{{30, 70}});
}

TEST_CASE("an acknowledgement of more than was written is ignored") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100).hears_output_ok(attempt(7), 101);
  CHECK(worker.core().ignored().impossible_offset == 1);
  CHECK(worker.passes(3s).chunks() == Chunks{{0, 100}});
}

TEST_CASE("a late acknowledgement takes nothing back") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100).hears_output_ok(attempt(7), 100).hears_output_ok(attempt(7), 50);
  CHECK(worker.passes(10s).chunks().empty());
}

TEST_CASE("the outcome leaves only after all output was sent") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 3 * kChunk);
  CHECK(
      worker.ended(attempt(7), Outcome::Passed, 3 * kChunk).sent<wire::AttemptFinished>().empty());
  worker.hears_output_ok(attempt(7), 2 * kChunk);
  CHECK(worker.chunks().size() == 1);
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
}

TEST_CASE(
    "a broker that lacks output when the outcome comes gets the rest, then the outcome again") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100).hears_output_ok(attempt(7), 40);
  worker.ended(attempt(7), Outcome::Passed, 100);
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
  worker.hears_output_ok(attempt(7), 40);
  CHECK(worker.chunks() == Chunks{{40, 60}});
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
}

TEST_CASE("output and outcome that found no connection are sent again when there is one") {
  CoreFixture worker = running_worker();
  worker.wrote(attempt(7), 100).ended(attempt(7), Outcome::Passed, 100);
  worker.happens(Writable{});
  CHECK(worker.chunks() == Chunks{{0, 100}});
  CHECK(worker.sent<wire::AttemptFinished>().size() == 1);
  CHECK(worker.sent<wire::Heartbeat>().size() == 1);
}

TEST_CASE("output of an attempt that nobody knows is ignored") {
  CoreFixture worker = running_worker();
  CHECK(worker.wrote(attempt(8), 100).chunks().empty());
  worker.hears_output_ok(attempt(8), 5);
  CHECK(worker.core().ignored().unknown_attempt == 1);
}

}  // namespace seaworthy::worker
