// Texts in a query of an address: everything but letters, digits and -._~ as %XX. Pure.
#pragma once

#include <string>
#include <string_view>

namespace seaworthy::reporter {

std::string percent_encoded(std::string_view text);
// `+` is a space; a % that no two digits follow stands for itself.
std::string percent_decoded(std::string_view text);
// Whether each % is followed by two digits.
bool is_percent_encoding(std::string_view text);

}  // namespace seaworthy::reporter
