// Texts in a query of an address: everything but letters, digits and -._~ as %XX. Pure.
#pragma once

#include <string>
#include <string_view>

namespace seaworthy::reporter {

std::string percent_encoded(std::string_view text);
// A % that no two digits follow stands for itself.
std::string percent_decoded(std::string_view text);
// The same of a query or a form, where `+` is a space.
std::string query_decoded(std::string_view text);
// Whether each % is followed by two digits.
bool is_percent_encoding(std::string_view text);

}  // namespace seaworthy::reporter
