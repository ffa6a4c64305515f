#include "reporter/api/answers.h"

namespace seaworthy::reporter::api {
namespace {

constexpr unsigned kAgainAfter = 5;  // seconds

const char* title_of(unsigned status) {
  switch (status) {
    case 400: return "The request cannot be understood";
    case 401: return "A sign-in is needed";
    case 403: return "Not allowed";
    case 404: return "Not here";
    case 405: return "Not with this method";
    case 409: return "Conflict";
    case 415: return "Not in this form";
    case 429: return "Too many attempts";
    default: return "Not possible now";
  }
}

}  // namespace

http::Answer json_answer(const json::Json& json, unsigned status) {
  http::Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = json::text_of(json);
  if (status == 200) answer.etag = http::etag_of(answer.body);
  return answer;
}

http::Answer problem(unsigned status, std::string_view detail) {
  http::Answer answer;
  answer.status = status;
  answer.content_type = "application/problem+json";
  answer.cache_control = "no-store";
  answer.body = json::text_of({{"type", "about:blank"},
                               {"title", title_of(status)},
                               {"status", status},
                               {"detail", detail}});
  if (status == 503) answer.retry_after_s = kAgainAfter;
  return answer;
}

unsigned status_of(const io::ClientError& error) {
  if (error.kind != io::ClientError::Kind::Refused) return 503;
  switch (error.code) {
    case wire::ErrorCode::NotFound: return 404;
    case wire::ErrorCode::BadMessage: return 400;
    case wire::ErrorCode::Refused: return 403;
    case wire::ErrorCode::Conflict: return 409;
    case wire::ErrorCode::UnknownType:
    case wire::ErrorCode::WrongVersion:
    case wire::ErrorCode::NoSession:
    case wire::ErrorCode::Overloaded: break;
  }
  return 503;
}

http::Answer problem_of(const io::ClientError& error) {
  return problem(status_of(error), error.message);
}

}  // namespace seaworthy::reporter::api
