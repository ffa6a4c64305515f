// Addresses of mail, as far as news are sent to them: plain ones, LOCAL@DOMAIN in ASCII, without
// quotes, comments or anything else that a mail server or a header could take for more. What is
// none is refused, never repaired. Pure.
#pragma once

#include <string>
#include <string_view>

namespace seaworthy::reporter::news {

bool is_address(std::string_view text);

// What stands between the last < and the > after it: "ada@example.org" of "Ada <ada@example.org>".
// Without them the whole text.
std::string address_in(std::string_view text);
// What stands before it: "Ada".
std::string name_in(std::string_view text);

// "example.org"
std::string_view domain_of(std::string_view address);

}  // namespace seaworthy::reporter::news
