#include "shared/model/output_times.h"

#include <algorithm>
#include <iterator>

#include "shared/model/limits.h"

namespace seaworthy {
namespace {

OutputTimes::const_iterator first_after(const OutputTimes& times, uint64_t offset) {
  return std::partition_point(times.begin(), times.end(),
                              [offset](const OutputTime& time) { return time.offset <= offset; });
}

}  // namespace

std::optional<uint64_t> time_at(const OutputTimes& times, uint64_t offset) {
  const auto after = first_after(times, offset);
  return after == times.begin() ? std::nullopt : std::prev(after)->after_ms;
}

OutputTimes times_of(const OutputTimes& times, uint64_t from, uint64_t to) {
  OutputTimes result;
  if (from >= to) return result;
  if (const auto first = time_at(times, from)) result.push_back({from, first});
  for (auto next = first_after(times, from); next != times.end() && next->offset < to; ++next) {
    const bool is_known = !result.empty() && result.back().after_ms;
    if (is_known || next->after_ms) result.push_back(*next);
  }
  return result;
}

bool are_sound(const OutputTimes& times, uint64_t from, uint64_t to) {
  if (times.size() > limits::kTimesPerMessage) return false;
  uint64_t least_offset = from, least_ms = 0;
  for (const OutputTime& time : times) {
    if (time.offset < least_offset || time.offset >= to) return false;
    least_offset = time.offset + 1;
    if (!time.after_ms) continue;
    if (*time.after_ms < least_ms || *time.after_ms > limits::kOutputTimeMs) return false;
    least_ms = *time.after_ms;
  }
  return true;
}

}  // namespace seaworthy
