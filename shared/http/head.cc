#include "shared/http/head.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace seaworthy::http {
namespace {

// No page runs a script or takes a style that is not ours, is shown inside another, or tells a
// third party where its reader came from.
constexpr std::string_view kSecurity =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

std::string_view reason_of(unsigned status) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 22> kReasons{{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {303, "See Other"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {421, "Misdirected Request"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
  }};
  for (const auto& [number, words] : kReasons)
    if (number == status) return words;
  return "Status";
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_a_line(const Field& field) {
  return (field.first + field.second).find_first_of(std::string_view("\r\n\0", 3)) !=
         std::string::npos;
}

}  // namespace

std::string_view Request::field(std::string_view name) const {
  const auto same = [&](const Field& field) {
    return std::equal(field.first.begin(), field.first.end(), name.begin(), name.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
  };
  const auto found = std::find_if(fields.begin(), fields.end(), same);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

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
  for (const Field& field : answer.fields)
    if (!ends_a_line(field)) head += field.first + ": " + field.second + "\r\n";
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

}  // namespace seaworthy::http
