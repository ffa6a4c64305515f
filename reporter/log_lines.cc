#include "reporter/log_lines.h"

#include <algorithm>

namespace seaworthy::reporter {
namespace {

constexpr size_t kRowBytes = 16 * 1024;

// Not inside a character.
size_t length_of_piece(std::string_view bytes) {
  size_t cut = kRowBytes;
  while (cut > kRowBytes - 4 && (static_cast<uint8_t>(bytes[cut]) & 0xc0) == 0x80) --cut;
  return cut;
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
void put_row(Html& html, const LogPosition& at, std::string_view text, bool grows) {
  html.raw("<li");
  if (grows) html.raw(" class=\"grows\"");
  const bool is_named = !at.continues;
  if (is_named && at.line > 0)
    html.raw(" id=\"L").number(at.line).raw("\"><a tabindex=\"-1\" href=\"#L").number(at.line);
  else if (is_named)
    html.raw(" id=\"B").number(at.offset).raw("\"><a tabindex=\"-1\" href=\"#B").number(at.offset);
  else
    html.raw("><a");
  html.raw(is_named ? Literal("\">") : Literal(">"));
  if (is_named && at.line > 0) html.number(at.line);
  if (is_named && at.line == 0) html.raw("·");
  Look look = at.look;
  html.raw("</a><span>").append(ansi_line(text, look)).raw("</span></li>\n");
}

}  // namespace seaworthy::reporter
