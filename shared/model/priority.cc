#include "shared/model/priority.h"

#include "shared/base/assert.h"

namespace seaworthy {

std::string_view to_string(Priority priority) {
  switch (priority) {
    case Priority::Low: return "low";
    case Priority::Normal: return "normal";
    case Priority::High: return "high";
  }
  SW_ASSERT(!"unknown priority");
  return {};
}

std::optional<Priority> parse_priority(std::string_view word) {
  for (Priority priority : {Priority::Low, Priority::Normal, Priority::High})
    if (to_string(priority) == word) return priority;
  return std::nullopt;
}

}  // namespace seaworthy
