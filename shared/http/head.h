// The first lines of an answer, with what every answer says about security. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/message.h"

namespace seaworthy::http {

// Ends with the empty line. `length`: of the body; `keeps`: the connection stays.
std::string head_of(const Answer& answer, size_t length, bool keeps);

// Of a stream; in chunks (HTTP/1.1), or until the connection closes.
std::string head_of_stream(bool is_text, bool in_chunks);

// Said without a page, by the server itself.
Answer plain_answer(unsigned status, std::string_view words);

}  // namespace seaworthy::http
