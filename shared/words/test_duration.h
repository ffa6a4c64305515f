// How long a test took, as people read it: "12 ms", "3.2 s". Most take less than other durations
// can tell. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "shared/words/text.h"

namespace seaworthy::words {

inline std::string test_duration(uint64_t ms) {
  if (ms < 1'000) return std::to_string(ms) + " ms";
  return duration(Duration{static_cast<int64_t>(ms)});
}

}  // namespace seaworthy::words
