// Failures counts wrong tokens by the address they came from. Tokens cannot be guessed; this keeps
// whoever tries from filling the log and the day. Bounded: of too many addresses the one that began
// first is forgotten. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "shared/base/time.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter {

class Failures {
 public:
  // False: it was one too many in limits::kFailedSignInsWithin.
  bool add(const std::string& address, Instant now) {
    const auto found = by_address_.find(address);
    if (found != by_address_.end() && now - found->second.since < limits::kFailedSignInsWithin)
      return ++found->second.count <= limits::kFailedSignIns;
    if (found == by_address_.end() && by_address_.size() >= limits::kAddressesRemembered)
      by_address_.erase(std::min_element(
          by_address_.begin(), by_address_.end(),
          [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
    by_address_[address] = {now, 1};
    return true;
  }
  size_t size() const { return by_address_.size(); }

 private:
  struct Count {
    Instant since;
    uint32_t count = 0;
  };
  std::map<std::string, Count> by_address_;
};

}  // namespace seaworthy::reporter
