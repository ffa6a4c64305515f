// Encode puts text into forms that nothing in it can break out of: lines of a mail, its headers, a
// part of a URL. All take any bytes; what is no UTF-8 becomes U+FFFD, and a header never has a line
// break that was not put there here. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/time.h"

namespace seaworthy::reporter::news {

// The text without control characters, marks that reorder or hide text, and invalid bytes; one
// line. Cut to `most_bytes` at a character.
std::string one_line(std::string_view text, size_t most_bytes);

// RFC 2045: lines of at most 76 columns with CRLF. Line breaks of the text may be LF or CRLF.
std::string quoted_printable(std::string_view text);

// RFC 2047: the text of a header, as it is if plain ASCII, else in encoded words; folded, so that
// no line is longer than 76 columns. `column`: where it begins.
std::string header_text(std::string_view text, size_t column);

// `"Name" <address>`, or the address alone.
std::string mailbox(std::string_view name, std::string_view address);

// RFC 5322, in UTC: "Sat, 21 Nov 2026 17:35:00 +0000".
std::string mail_date(UnixMillis at);

std::string base64(std::string_view bytes);

}  // namespace seaworthy::reporter::news
