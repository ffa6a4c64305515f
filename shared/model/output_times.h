// Output times tell when a job's output was read by its worker: places in the output, in order.
// What stands from one place to the next was read at that place's time, or a moment later (less
// than limits::kOutputTimeEvery, see worker/output.h), or it is not known when; nothing is known of
// what stands before the first place. Offsets are bytes of the output as it is kept. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace seaworthy {

struct OutputTime {
  uint64_t offset = 0;
  std::optional<uint64_t> after_ms;  // since the attempt's start; none: not known from here on
  bool operator==(const OutputTime&) const = default;
};

using OutputTimes = std::vector<OutputTime>;

// When the byte at this offset was read.
std::optional<uint64_t> time_at(const OutputTimes& times, uint64_t offset);

// The times of the bytes from `from` up to `to`; the first stands at `from` if it is known there.
OutputTimes times_of(const OutputTimes& times, uint64_t from, uint64_t to);

// Whether a peer may say this of the bytes from `from` up to `to`: places in order and among them,
// times that never go back, and no more of both than limits.h has for one message.
bool are_sound(const OutputTimes& times, uint64_t from, uint64_t to);

}  // namespace seaworthy
