// OutputCredit says how many bytes of output an attempt may have unacknowledged: much while few
// write much, less when many do, so that what all of them have under way stays about
// kUnderWayBytes and is soon durable. Everything else that the broker is told waits no longer than
// that takes. Attempts that say little are not counted. Pure; remembers at most the attempts that
// run. Counts are bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

class OutputCredit {
 public:
  // Of all attempts together, as far as kLeastBytes for each allows it. Measured: with half of it a
  // hundred jobs take half as long again, and others wait about as long.
  static constexpr uint64_t kUnderWayBytes = 32 * 1024 * 1024;
  // A message. Measured: with a quarter of it a thousand jobs take three times as long, since each
  // commit waits for a file of each.
  static constexpr uint64_t kLeastBytes = 64 * 1024;
  static constexpr uint64_t kLittleBytes = 16 * 1024;  // who sends less at a time is not counted
  static constexpr uint64_t kFirstBytes = 128 * 1024;
  // Longer than a worker waits before it sends again what was not acknowledged.
  static constexpr Duration kRemembered{4'000};

  explicit OutputCredit(uint64_t most) : most_(most) {}

  // A message with so much of its output came.
  void note(AttemptKey attempt, uint64_t bytes, Instant now);
  void forget(AttemptKey attempt);

  // Before an attempt has said anything.
  uint64_t first() const { return std::min(most_, kFirstBytes); }
  // From now on, of each.
  uint64_t each() const;

 private:
  uint64_t most_;
  Instant since_;
  std::set<AttemptKey> talkers_;        // since then
  std::set<AttemptKey> talked_before_;  // and only before, but not long ago
};

}  // namespace seaworthy::broker
