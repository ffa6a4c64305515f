// Backoff says how long to wait before a program that ended is started again. Pure.
#pragma once

#include <algorithm>

#include "shared/base/time.h"

namespace seaworthy::cli {

class Backoff {
 public:
  static constexpr Duration kFirst{1'000};
  static constexpr Duration kLongest{30'000};
  static constexpr Duration kHealthy{60'000};  // who lived this long starts from kFirst again

  Duration next(Duration lived) {
    if (lived >= kHealthy) wait_ = kFirst;
    const Duration now = wait_;
    wait_ = std::min(wait_ * 2, kLongest);
    return now;
  }

 private:
  Duration wait_ = kFirst;
};

}  // namespace seaworthy::cli
