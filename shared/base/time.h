// Time as a value. Nothing in here reads a clock: io/clock.h does, and the loops pass what it said.
// Instant is monotonic and only means something within one process; UnixMillis is wall time, for
// people.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace seaworthy {

using Duration = std::chrono::milliseconds;

struct Instant {
  Duration since_start{};
  auto operator<=>(const Instant&) const = default;
  friend Instant operator+(Instant at, Duration by) { return {at.since_start + by}; }
  friend Instant operator-(Instant at, Duration by) { return {at.since_start - by}; }
  friend Duration operator-(Instant a, Instant b) { return a.since_start - b.since_start; }
};

// Milliseconds since 1970-01-01 UTC. 0 means "has not happened".
struct UnixMillis {
  int64_t value = 0;
  auto operator<=>(const UnixMillis&) const = default;
  explicit operator bool() const { return value != 0; }
};

// What a loop tells its core at each step: both clocks, read once.
struct Moment {
  Instant now;
  UnixMillis wall;
};

}  // namespace seaworthy
