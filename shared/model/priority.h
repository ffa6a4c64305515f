// Priority says which job of a repository goes first. It never lets one repository pass another.
// The words below are the ones in pipeline files, on the wire and in --json, the numbers those in
// the store: they never change.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace seaworthy {

enum class Priority : uint8_t { Low = 1, Normal = 2, High = 3 };

std::string_view to_string(Priority priority);
std::optional<Priority> parse_priority(std::string_view word);

}  // namespace seaworthy
