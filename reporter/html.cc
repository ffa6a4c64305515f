#include "reporter/html.h"

#include <array>
#include <cstdio>

#include "reporter/characters.h"
#include "shared/base/utf8.h"

namespace seaworthy::reporter {
namespace {

void put_named(std::string& into, uint32_t point) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "‹U+%04X›", point);
  into += name.data();
}

// Below 0x80.
void put_plain(std::string& into, char byte) {
  switch (byte) {
    case '&': into += "&amp;"; return;
    case '<': into += "&lt;"; return;
    case '>': into += "&gt;"; return;
    case '"': into += "&quot;"; return;
    case '\'': into += "&#39;"; return;
    case '\n':
    case '\t': into.push_back(byte); return;
    case '\x7f': into += "␡"; return;
    default: break;
  }
  if (byte >= 0x20) return into.push_back(byte);
  // The pictures of control characters stand at U+2400 and after it.
  into += "\xe2\x90";
  into.push_back(static_cast<char>(0x80 + byte));
}

}  // namespace

Html& Html::raw(Literal markup) {
  markup_ += markup.text();
  return *this;
}

Html& Html::text(std::string_view foreign) {
  while (!foreign.empty()) {
    const size_t length = utf8_sequence_length(foreign);
    if (length == 1) {
      put_plain(markup_, foreign.front());
    } else if (length == 0) {
      markup_ += "\xef\xbf\xbd";  // U+FFFD
    } else {
      const std::string_view sequence = foreign.substr(0, length);
      const uint32_t point = code_point(sequence);
      if (is_hidden(point))
        put_named(markup_, point);
      else
        markup_ += sequence;
    }
    foreign.remove_prefix(length == 0 ? 1 : length);
  }
  return *this;
}

Html& Html::number(uint64_t value) {
  markup_ += std::to_string(value);
  return *this;
}

Html& Html::append(const Html& other) {
  markup_ += other.markup_;
  return *this;
}

}  // namespace seaworthy::reporter
