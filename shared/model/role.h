// Role is what a key lets its holder do at a broker; docs/security.md has the table. The words are
// those in keys, in the file of who is let in, and in logs: they never change.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace seaworthy {

enum class Role : uint8_t {
  Worker = 1,    // runs jobs
  Client = 2,    // people and their scripts: submit, cancel, look
  Watcher = 3,   // submits commits and remembers how far it came
  Reporter = 4,  // only looks
  Admin = 5,     // everything but running jobs
};

inline constexpr std::array<std::pair<Role, std::string_view>, 5> kRoles{
    {{Role::Worker, "worker"},
     {Role::Client, "client"},
     {Role::Watcher, "watcher"},
     {Role::Reporter, "reporter"},
     {Role::Admin, "admin"}}};

constexpr std::string_view to_string(Role role) {
  for (const auto& [one, word] : kRoles)
    if (one == role) return word;
  return "nobody";
}

constexpr std::optional<Role> parse_role(std::string_view word) {
  for (const auto& [role, one] : kRoles)
    if (one == word) return role;
  return std::nullopt;
}

}  // namespace seaworthy
