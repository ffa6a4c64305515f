#include "reporter/log_lines.h"

#include <algorithm>

namespace seaworthy::reporter {
namespace {

constexpr size_t kLinesOfBlock = 200;
// A line that is longer goes on in the next one, as the browser and who reads it would wish.
constexpr size_t kLineBytes = 16 * 1024;

// A line has an id by its number, or by its offset where the number is not known.
void put_line(Html& html, const LogPosition& at, const Html& text, bool grows) {
  html.raw("<li id=\"");
  if (at.line > 0)
    html.raw("L").number(at.line);
  else
    html.raw("B").number(at.offset);
  html.raw(grows ? Literal("\" class=\"grows\"><a tabindex=\"-1\" href=\"#")
                 : Literal("\"><a tabindex=\"-1\" href=\"#"));
  if (at.line > 0)
    html.raw("L").number(at.line).raw("\">").number(at.line);
  else
    html.raw("B").number(at.offset).raw("\">·");
  html.raw("</a><span>").append(text).raw("</span></li>\n");
}

size_t length_of_line(std::string_view bytes, bool& ends) {
  const size_t end = bytes.substr(0, kLineBytes).find('\n');
  ends = end != std::string_view::npos;
  if (ends) return end;
  if (bytes.size() <= kLineBytes) return bytes.size();
  size_t cut = kLineBytes;  // not inside a character
  while (cut > kLineBytes - 4 && (static_cast<uint8_t>(bytes[cut]) & 0xc0) == 0x80) --cut;
  return cut;
}

// A full block has a known height before it is laid out.
void put_block(Html& html, Html& lines, size_t& count) {
  if (count == 0) return;
  html.raw(count == kLinesOfBlock ? Literal("<ol class=\"full\">\n") : Literal("<ol>\n"));
  html.append(lines).raw("</ol>\n");
  lines = Html();
  count = 0;
}

}  // namespace

LogStretch render_log(std::string_view bytes, LogPosition from, bool is_end) {
  LogStretch stretch{{}, from};
  LogPosition& at = stretch.next;
  Html block;
  size_t in_block = 0;
  while (!bytes.empty()) {
    bool ends = false;
    const size_t length = length_of_line(bytes, ends);
    const bool grows = !ends && length == bytes.size() && !is_end;
    Look look = at.look;
    put_line(block, at, ansi_line(bytes.substr(0, length), look), grows);
    if (++in_block == kLinesOfBlock) put_block(stretch.lines, block, in_block);
    if (grows) break;
    const size_t taken = length + (ends ? 1 : 0);
    at = {at.offset + taken, at.line > 0 ? at.line + 1 : 0, look};
    bytes.remove_prefix(taken);
  }
  put_block(stretch.lines, block, in_block);
  return stretch;
}

}  // namespace seaworthy::reporter
