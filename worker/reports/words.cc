#include "worker/reports/words.h"

#include <algorithm>
#include <charconv>

#include "shared/model/limits.h"

namespace seaworthy::worker::reports {

std::string plain(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  std::string text;
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '\x1b') {
      text.push_back(line[at]);
      continue;
    }
    if (at + 1 >= line.size() || line[at + 1] != '[') continue;
    at += 2;  // ESC [ parameters and intermediates, until a letter
    while (at < line.size() && line[at] >= 0x20 && line[at] < 0x40) ++at;
  }
  return text;
}

std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

void append_line(std::string& text, std::string_view more) {
  if (text.size() >= limits::kTestTextBytes) return;
  text.append(more.substr(0, limits::kTestTextBytes)).append("\n");
}

}  // namespace seaworthy::worker::reports
