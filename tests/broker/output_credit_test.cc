#include "broker/core/output_credit.h"

#include "tests/support/catch.h"

namespace seaworthy::broker {
namespace {

constexpr uint64_t kMost = 1024 * 1024;
constexpr uint64_t kChunk = 64 * 1024;

AttemptKey attempt(uint64_t job) { return {JobId{job}, AttemptNumber{1}}; }

// So many attempts that write much, each heard once.
OutputCredit credit_of(uint64_t attempts, Instant now = {}) {
  OutputCredit credit(kMost);
  for (uint64_t job = 1; job <= attempts; ++job) credit.note(attempt(job), kChunk, now);
  return credit;
}

}  // namespace

TEST_CASE("an attempt that writes alone may have the most under way") {
  CHECK(OutputCredit(kMost).first() < kMost);
  CHECK(credit_of(1).each() == kMost);
}

TEST_CASE("attempts that write much at once share what may be under way") {
  CHECK(credit_of(100).each() * 100 <= OutputCredit::kUnderWayBytes);
  CHECK(credit_of(100).each() * 101 > OutputCredit::kUnderWayBytes);
  CHECK(credit_of(1'000'000).each() == OutputCredit::kLeastBytes);
}

TEST_CASE("an attempt that says little takes nothing from the others") {
  OutputCredit credit = credit_of(1);
  for (uint64_t job = 2; job < 1'000; ++job)
    credit.note(attempt(job), OutputCredit::kLittleBytes - 1, {});
  CHECK(credit.each() == kMost);
}

TEST_CASE(
    "one that is silent for long is forgotten, one that is heard every three seconds is not") {
  OutputCredit credit = credit_of(100);
  Instant now;
  for (int i = 0; i < 10; ++i) {
    now = now + Duration{3'000};
    for (uint64_t job = 1; job <= 50; ++job) {
      credit.note(attempt(job), kChunk, now);
      CHECK(credit.each() <= OutputCredit::kUnderWayBytes / 50);
    }
  }
  CHECK(credit.each() == OutputCredit::kUnderWayBytes / 50);
  credit.note(attempt(1), kChunk, now + Duration{60'000});
  CHECK(credit.each() == kMost);
}

TEST_CASE("one that has ended leaves its share to the others at once") {
  OutputCredit credit = credit_of(100);
  for (uint64_t job = 11; job <= 100; ++job) credit.forget(attempt(job));
  CHECK(credit.each() == credit_of(10).each());
}

}  // namespace seaworthy::broker
