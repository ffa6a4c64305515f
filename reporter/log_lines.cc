#include "reporter/log_lines.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "shared/words/text.h"

namespace seaworthy::reporter {
namespace {

constexpr size_t kRowBytes = 16 * 1024;

// Not inside a character.
size_t length_of_piece(std::string_view bytes) {
  size_t cut = kRowBytes;
  while (cut > kRowBytes - 4 && (static_cast<uint8_t>(bytes[cut]) & 0xc0) == 0x80) --cut;
  return cut;
}

// "0:07.3", "12:34.5", "1:02:03".
std::string elapsed(uint64_t ms) {
  std::array<char, 32> text{};
  const uint64_t s = ms / 1'000, min = s / 60, h = min / 60;
  const int size =
      h > 0 ? std::snprintf(text.data(), text.size(), "%" PRIu64 ":%02u:%02u", h,
                            static_cast<unsigned>(min % 60), static_cast<unsigned>(s % 60))
            : std::snprintf(text.data(), text.size(), "%u:%02u.%u", static_cast<unsigned>(min),
                            static_cast<unsigned>(s % 60), static_cast<unsigned>(ms / 100 % 10));
  return {text.data(), static_cast<size_t>(size)};
}

// The page's style shows one of them, or none.
void put_time(Html& html, const RowTime& time) {
  if (!time.after_ms) return;
  html.raw(" data-after=\"").text(elapsed(*time.after_ms)).raw("\"");
  if (!time.start) return;
  const UnixMillis at{time.start.value + static_cast<int64_t>(*time.after_ms)};
  html.raw(" data-clock=\"").text(words::time_of_day(at)).raw("\"");
}

}  // namespace

std::optional<LogRow> next_row(std::string_view bytes, const LogPosition& at, bool is_end) {
  const size_t newline = bytes.substr(0, kRowBytes).find('\n');
  const bool has_end = newline != std::string_view::npos;
  const bool is_piece = !has_end && bytes.size() > kRowBytes;
  if (!has_end && !is_piece && (!is_end || bytes.empty())) return std::nullopt;
  const size_t length = has_end ? newline : is_piece ? length_of_piece(bytes) : bytes.size();
  LogRow row{bytes.substr(0, length), at};
  row.next.offset += length + (has_end ? 1 : 0);
  row.next.look = look_after(row.text, at.look);
  row.next.continues = is_piece;
  if (at.line == 0) return row;
  ++row.next.row;
  if (!is_piece) ++row.next.line;
  return row;
}

// A row has an id by its line's number, or by its offset where the number is not known.
void put_row(Html& html, const LogPosition& at, std::string_view text, bool grows,
             const RowTime& time) {
  html.raw("<li");
  if (grows) html.raw(" class=\"grows\"");
  const bool is_named = !at.continues;
  const Literal kind = at.line > 0 ? Literal("L") : Literal("B");
  const uint64_t number = at.line > 0 ? at.line : at.offset;
  if (is_named) html.raw(" id=\"").raw(kind).number(number).raw("\"");
  put_time(html, time);
  html.raw("><a");
  if (is_named) html.raw(" tabindex=\"-1\" href=\"#").raw(kind).number(number).raw("\"");
  html.raw(">");
  if (is_named && at.line > 0) html.number(at.line);
  if (is_named && at.line == 0) html.raw("·");
  Look look = at.look;
  html.raw("</a><span>").append(ansi_line(text, look)).raw("</span></li>\n");
}

}  // namespace seaworthy::reporter
