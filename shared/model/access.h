// Access is what a token lets its holder do on the reporter's pages and in its API. The words are
// those in the file of tokens: they never change. Greater may do all that less may.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace seaworthy {

enum class Access : uint8_t {
  Viewer = 1,    // looks
  Operator = 2,  // cancels and retries builds, drains workers, pauses repositories
  Admin = 3,     // sees who is signed in, and signs them out
};

inline constexpr std::array<std::pair<Access, std::string_view>, 3> kAccesses{
    {{Access::Viewer, "viewer"}, {Access::Operator, "operator"}, {Access::Admin, "admin"}}};

constexpr std::string_view to_string(Access access) {
  for (const auto& [one, word] : kAccesses)
    if (one == access) return word;
  return "nobody";
}

constexpr std::optional<Access> parse_access(std::string_view word) {
  for (const auto& [access, one] : kAccesses)
    if (one == word) return access;
  return std::nullopt;
}

}  // namespace seaworthy
