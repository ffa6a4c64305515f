#include "reporter/news/core/excerpt.h"

#include <algorithm>

#include "reporter/news/core/encode.h"

namespace seaworthy::reporter::news {
namespace {

constexpr char kEscape = '\x1b';

// The bytes of the escape sequence that `text` begins with.
size_t sequence_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == '[') {
    const size_t end = text.find_first_not_of("0123456789;:<=>?!\"#$%&'()*+,-./ ", 2);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  if (text[1] == ']' || text[1] == 'P' || text[1] == '^' || text[1] == '_') {
    const size_t end = text.find_first_of("\a\x1b", 2);
    if (end == std::string_view::npos) return text.size();
    return text[end] == kEscape ? std::min(end + 2, text.size()) : end + 1;
  }
  return text[1] == '(' || text[1] == ')' ? std::min<size_t>(3, text.size()) : 2;
}

void take_back(std::string& line) {
  while (!line.empty() && (static_cast<uint8_t>(line.back()) & 0xc0) == 0x80) line.pop_back();
  if (!line.empty()) line.pop_back();
}

std::string as_seen(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  std::string seen;
  while (!line.empty()) {
    size_t length = 1;
    if (line.front() == kEscape)
      length = sequence_length(line);
    else if (line.front() == '\r')
      seen.clear();
    else if (line.front() == '\b')
      take_back(seen);
    else if (line.front() == '\t')
      seen += "    ";
    else
      seen.push_back(line.front());
    line.remove_prefix(length);
  }
  return one_line(seen, kExcerptLineBytes);
}

}  // namespace

std::vector<std::string> last_lines(std::string_view bytes, bool is_whole) {
  if (const size_t end = bytes.find('\n'); !is_whole && end != std::string_view::npos)
    bytes.remove_prefix(end + 1);
  while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.remove_suffix(1);
  std::vector<std::string> lines;
  while (!bytes.empty() && lines.size() < kExcerptLines) {
    const size_t before = bytes.rfind('\n');
    const size_t start = before == std::string_view::npos ? 0 : before + 1;
    lines.push_back(as_seen(bytes.substr(start)));
    bytes = bytes.substr(0, start == 0 ? 0 : start - 1);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace seaworthy::reporter::news
