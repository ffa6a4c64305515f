// Counters is what happened since the broker was started, in numbers: for graphs and alarms, not
// for decisions. It counts changes that are durable. Pure; a fixed number of numbers.
#pragma once

#include <array>
#include <cstdint>

#include "broker/core/change.h"

namespace seaworthy::broker {

class Counters {
 public:
  void count(const Change& change);
  // A batch became durable, after so many microseconds.
  void committed(uint64_t microseconds);
  void tell(wire::Metrics& metrics) const;

 private:
  // How often a value was at most the bound of its place; the last place has none.
  template <size_t N>
  struct Buckets {
    std::array<uint64_t, N + 1> counts{};
    uint64_t sum = 0;
  };
  static constexpr size_t kTimes = 12;
  static constexpr size_t kCommits = 10;
  static constexpr size_t kWords = 8;  // more than there are verdicts, or outcomes

  Buckets<kTimes> wait_ms_;
  Buckets<kTimes> run_ms_;
  Buckets<kCommits> commit_us_;
  std::array<uint64_t, kWords> builds_{};    // by verdict
  std::array<uint64_t, kWords> jobs_{};      // by verdict
  std::array<uint64_t, kWords> attempts_{};  // by outcome
  uint64_t submitted_ = 0;
  uint64_t output_bytes_ = 0;
};

}  // namespace seaworthy::broker
