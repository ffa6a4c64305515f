// What a browser asks and what it is told, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seaworthy::http {

enum class Method : uint8_t { Get, Head, Post };

// A name and its value, as they were sent.
using Field = std::pair<std::string, std::string>;

struct Request {
  Method method = Method::Get;
  std::string target;  // path and query, as they were sent
  std::string host;
  std::string if_none_match;
  std::string last_event_id;
  std::string peer;  // the address that it came from
  std::vector<Field> fields;
  std::string body;  // of Post

  bool is_head() const { return method == Method::Head; }
  // The value of the first field of that name, in whatever case; empty if there is none.
  std::string_view field(std::string_view name) const;
};

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  std::string etag;                        // quoted; empty: none
  std::string cache_control = "no-cache";  // "ask before you use it again"
  unsigned retry_after_s = 0;              // 0: not said
  std::vector<Field> fields;               // more of them; one with a line's end is left out
};

// Bytes that are quoted and change with the text: an entity tag.
std::string etag_of(const std::string& body);

}  // namespace seaworthy::http
