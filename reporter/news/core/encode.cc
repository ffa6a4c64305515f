#include "reporter/news/core/encode.h"

#include <algorithm>
#include <array>

#include "reporter/characters.h"
#include "shared/base/utf8.h"

namespace seaworthy::reporter::news {
namespace {

constexpr size_t kColumns = 76;             // RFC 2045 and 2047
constexpr size_t kEncodedWordBytes = 39;    // become 52 of base64
constexpr size_t kEncodedWordColumns = 64;  // with what is around it
constexpr std::string_view kWordStart = "=?UTF-8?B?", kWordEnd = "?=";
constexpr std::string_view kHex = "0123456789ABCDEF";

// Controls, and marks that reorder other text, hide, or end a line.
bool is_unseen(uint32_t point) { return point < 0x20 || point == 0x7f || is_hidden(point); }

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void put_hex(std::string& into, char byte) {
  const auto value = static_cast<uint8_t>(byte);
  into.push_back(kHex[value >> 4]);
  into.push_back(kHex[value & 0xf]);
}

void put_quoted_line(std::string& into, std::string_view line) {
  size_t column = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool at_end = i + 1 == line.size();
    const bool literal = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !at_end);
    if (column + (literal ? 1 : 3) > kColumns - 1) {
      into += "=\r\n";
      column = 0;
    }
    // A dot that begins a line would be the mail server's business.
    if (literal && !(c == '.' && column == 0)) {
      into.push_back(c);
      ++column;
    } else {
      into.push_back('=');
      put_hex(into, c);
      column += 3;
    }
  }
  into += "\r\n";
}

std::string without_needless_spaces(std::string_view text) {
  std::string result;
  for (char c : text)
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result.push_back(c);
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

// A plain text, broken at spaces where it gets too long; empty if there is no place to break it.
std::string folded(std::string_view text, size_t column) {
  std::string result;
  while (column + text.size() > kColumns) {
    const size_t room = kColumns > column ? kColumns - column : 0;
    size_t at = text.rfind(' ', room);
    if (at == 0 || at == std::string_view::npos) return "";
    result.append(text.substr(0, at)).append("\r\n");
    text.remove_prefix(at);  // the space begins the next line
    column = 0;
  }
  return result.append(text);
}

}  // namespace

std::string one_line(std::string_view text, size_t most_bytes) {
  std::string line;
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    if (length == 0) {
      line += "\xef\xbf\xbd";
    } else if (const std::string_view one = text.substr(0, length); is_unseen(code_point(one))) {
      if (one == "\n" || one == "\t" || one == "\r") line.push_back(' ');
    } else {
      line += one;
    }
    text.remove_prefix(length == 0 ? 1 : length);
    if (line.size() > most_bytes) break;
  }
  return std::string(utf8_prefix(line, most_bytes));
}

std::string quoted_printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    put_quoted_line(result, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string header_text(std::string_view text, size_t column) {
  const std::string clean = without_needless_spaces(one_line(text, 1'000));
  if (is_plain(clean) && clean.find("=?") == std::string::npos) {
    std::string plain = folded(clean, column);
    if (!plain.empty() || clean.empty()) return plain;
  }
  std::string result;
  std::string_view left = clean;
  while (!left.empty()) {
    const std::string_view part = utf8_prefix(left, kEncodedWordBytes);
    if (!result.empty() || column + kEncodedWordColumns > kColumns) result += "\r\n ";
    result.append(kWordStart).append(base64(part)).append(kWordEnd);
    left.remove_prefix(part.size());
  }
  return result;
}

std::string mailbox(std::string_view name, std::string_view address) {
  const std::string clean = one_line(name, 200);
  if (clean.empty()) return std::string(address);
  const std::string in_brackets = " <" + std::string(address) + ">";
  if (!is_plain(clean)) return header_text(clean, 10) + "\r\n" + in_brackets;
  std::string quoted = "\"";
  for (char c : clean) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"" + in_brackets;
}

// From the number of days to a date: Howard Hinnant's civil_from_days.
std::string mail_date(UnixMillis at) {
  static constexpr std::array<std::string_view, 7> kDays{"Thu", "Fri", "Sat", "Sun",
                                                         "Mon", "Tue", "Wed"};
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t seconds = std::max<int64_t>(at.value, 0) / 1000;
  const int64_t days = seconds / 86'400;
  const int64_t shifted = days + 719'468;  // since 0000-03-01
  const int64_t era = shifted / 146'097, of_era = shifted % 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * of_year + 2) / 153;
  const int64_t day = of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = (month_from_march + 2) % 12;  // 0: January
  const int64_t year = era * 400 + year_of_era + (month < 2 ? 1 : 0);
  const auto two = [](int64_t value) {
    return std::string(value < 10 ? "0" : "") + std::to_string(value);
  };
  return std::string(kDays[static_cast<size_t>(days % 7)]) + ", " + std::to_string(day) + " " +
         std::string(kMonths[static_cast<size_t>(month)]) + " " + std::to_string(year) + " " +
         two(seconds / 3600 % 24) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60) +
         " +0000";
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j)
      text.push_back(j <= count ? kLetters[group >> (18 - 6 * j) & 0x3f] : '=');
  }
  return text;
}

}  // namespace seaworthy::reporter::news
