// Words on the command line -> values. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/time.h"

namespace seaworthy::cli {

// "30", "0.5", "30s", "500ms", "2m", "1h"; a bare number is seconds.
std::optional<Duration> parse_time(std::string_view text);

// The one that differs least from `word`, if it is near enough to have been meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace seaworthy::cli
