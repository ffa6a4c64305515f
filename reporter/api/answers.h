// Answers of the API: JSON, and for what cannot be done application/problem+json (RFC 9457), with a
// sentence that says what was asked, why not, and what to do. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/message.h"
#include "shared/io/client.h"
#include "shared/json/rows.h"

namespace seaworthy::reporter::api {

http::Answer json_answer(const json::Json& json, unsigned status = 200);
http::Answer problem(unsigned status, std::string_view detail);
// What the broker refused, or that it did not answer.
http::Answer problem_of(const io::ClientError& error);
// The status of an answer for it, for whoever says it in another form.
unsigned status_of(const io::ClientError& error);

}  // namespace seaworthy::reporter::api
