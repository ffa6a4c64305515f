#include "reporter/http/head.h"

#include <array>
#include <cstdio>
#include <utility>

namespace seaworthy::reporter::http {
namespace {

// No page runs a script or takes a style that is not ours, is shown inside another, or tells a
// third party where its reader came from.
constexpr std::string_view kSecurity =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

std::string_view reason_of(unsigned status) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 12> kReasons{{
      {200, "OK"},
      {301, "Moved Permanently"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {413, "Content Too Large"},
      {421, "Misdirected Request"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
  }};
  for (const auto& [number, words] : kReasons)
    if (number == status) return words;
  return "Status";
}

}  // namespace

std::string etag_of(const std::string& body) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (char byte : body) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string head_of(const Answer& answer, size_t length, bool keeps) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  head += reason_of(answer.status);
  head += "\r\n";
  if (answer.status != 304) {
    head += "Content-Type: " + answer.content_type + "\r\n";
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  head += "Cache-Control: " + answer.cache_control + "\r\n";
  if (!answer.etag.empty()) head += "ETag: " + answer.etag + "\r\n";
  if (answer.retry_after_s > 0)
    head += "Retry-After: " + std::to_string(answer.retry_after_s) + "\r\n";
  if (answer.status == 405) head += "Allow: GET, HEAD\r\n";
  head += kSecurity;
  head += keeps ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string head_of_stream(bool is_text, bool in_chunks) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: ";
  head += is_text ? "text/plain; charset=utf-8\r\n" : "text/event-stream\r\n";
  if (in_chunks) head += "Transfer-Encoding: chunked\r\n";
  // nginx would gather what is to be seen at once.
  head += "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
  head += kSecurity;
  return head + "Connection: close\r\n\r\n";
}

Answer plain_answer(unsigned status, std::string_view words) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.cache_control = "no-store";
  answer.body = std::string(words) + "\n";
  return answer;
}

}  // namespace seaworthy::reporter::http
