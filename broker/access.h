// Access says what a key lets its holder do: the table of docs/security.md. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/model/role.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

bool may(Role role, const wire::Message& message);

// A key called "anna" is used by workers called "anna" or "anna/ANYTHING": none can speak for
// another's.
bool is_name_for(std::string_view key, std::string_view worker);

// Why this holder may not say this, for the one who sent it; empty: it may.
std::string refusal(Role role, std::string_view key, const wire::Message& message);

}  // namespace seaworthy::broker
