#include "reporter/html.h"

#include <array>
#include <cstdio>

#include "shared/base/utf8.h"

namespace seaworthy::reporter {
namespace {

uint32_t code_point(std::string_view sequence) {
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(sequence[i])); };
  switch (sequence.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3: return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 |
             (byte(3) & 0x3f);
  }
}

// What would change how other text reads, or hide: C1, soft hyphen, marks of direction, separators
// and joiners without width, interlinear marks, tags. Those that scripts and emoji need stay.
bool is_hidden(uint32_t point) {
  return (point >= 0x80 && point < 0xa0) || point == 0xad || point == 0x61c || point == 0x180e ||
         point == 0x200b || point == 0x200e || point == 0x200f ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
         point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
         (point & 0xfffe) == 0xfffe ||  // no character at all, and XML has none of them
         (point >= 0xe0000 && point <= 0xe007f);
}

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
