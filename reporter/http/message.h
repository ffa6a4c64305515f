// What a browser asks and what it is told, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace seaworthy::reporter::http {

// Of GET or HEAD, without a body: the server refuses all others itself.
struct Request {
  std::string target;  // path and query, as they were sent
  std::string host;
  std::string if_none_match;
  std::string last_event_id;
  bool is_head = false;
};

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::string etag;                        // quoted; empty: none
  std::string cache_control = "no-cache";  // "ask before you use it again"
  unsigned retry_after_s = 0;              // 0: not said
};

// Bytes that are quoted and change with the text: an entity tag.
std::string etag_of(const std::string& body);

}  // namespace seaworthy::reporter::http
