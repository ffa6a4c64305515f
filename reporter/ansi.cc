#include "reporter/ansi.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace seaworthy::reporter {
namespace {

constexpr size_t kParameters = 32;  // of one sequence; the others are ignored
constexpr char kEscape = '\x1b';
constexpr std::array<uint8_t, 6> kLevels{0, 95, 135, 175, 215, 255};  // of the cube of 6×6×6

struct Rgb {
  int red, green, blue;
};

int distance(Rgb a, Rgb b) {
  const int r = a.red - b.red, g = a.green - b.green, bl = a.blue - b.blue;
  return r * r + g * g + bl * bl;
}

// Of 16 to 255.
Rgb colour_at(int index) {
  if (index >= 232) return {8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10};
  const auto cube = static_cast<size_t>(index - 16);
  return {kLevels[cube / 36], kLevels[cube / 6 % 6], kLevels[cube % 6]};
}

int nearest_level(int value) { return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; }

uint16_t nearest(Rgb wanted) {
  const int cube = 16 + 36 * nearest_level(wanted.red) + 6 * nearest_level(wanted.green) +
                   nearest_level(wanted.blue);
  const int mean = (wanted.red + wanted.green + wanted.blue) / 3;
  const int grey = 232 + std::clamp((mean - 3) / 10, 0, 23);
  const bool is_grey = distance(colour_at(grey), wanted) < distance(colour_at(cube), wanted);
  return static_cast<uint16_t>(1 + (is_grey ? grey : cube));
}

// 38 and 48: "5;N" or "2;R;G;B" follow. Takes them away; 0 if they make no colour.
uint16_t extended(std::vector<int>& rest) {
  auto take = [&] {
    if (rest.empty()) return -1;
    const int value = rest.front();
    rest.erase(rest.begin());
    return value;
  };
  const int kind = take();
  if (kind == 5) {
    const int index = take();
    return index >= 0 && index <= 255 ? static_cast<uint16_t>(1 + index) : uint16_t{0};
  }
  if (kind != 2) return 0;
  const int red = take(), green = take(), blue = take();
  for (int part : {red, green, blue})
    if (part < 0 || part > 255) return 0;
  return nearest({red, green, blue});
}

void apply_one(int code, std::vector<int>& rest, Look& look) {
  if (code >= 30 && code <= 37) look.fore = static_cast<uint16_t>(code - 29);
  if (code >= 90 && code <= 97) look.fore = static_cast<uint16_t>(code - 81);
  if (code >= 40 && code <= 47) look.back = static_cast<uint16_t>(code - 39);
  if (code >= 100 && code <= 107) look.back = static_cast<uint16_t>(code - 91);
  switch (code) {
    case 0: look = Look{}; break;
    case 1: look.bold = true; break;
    case 2: look.dim = true; break;
    case 3: look.italic = true; break;
    case 4: look.underlined = true; break;
    case 7: look.inverse = true; break;
    case 9: look.struck = true; break;
    case 22: look.bold = look.dim = false; break;
    case 23: look.italic = false; break;
    case 24: look.underlined = false; break;
    case 27: look.inverse = false; break;
    case 29: look.struck = false; break;
    case 38: look.fore = extended(rest); break;
    case 39: look.fore = 0; break;
    case 48: look.back = extended(rest); break;
    case 49: look.back = 0; break;
    default: break;
  }
}

void apply(std::string_view parameters, Look& look) {
  std::vector<int> codes;
  while (codes.size() < kParameters) {
    const size_t end = std::min(parameters.find_first_of(";:"), parameters.size());
    int code = 0;  // an empty one is 0
    std::from_chars(parameters.data(), parameters.data() + end, code);
    codes.push_back(code);
    if (end == parameters.size()) break;
    parameters.remove_prefix(end + 1);
  }
  while (!codes.empty()) {
    const int code = codes.front();
    codes.erase(codes.begin());
    apply_one(code, codes, look);
  }
}

// The bytes of the sequence that `text` begins with, its ESC included; colours go to `look`.
size_t take_sequence(std::string_view text, Look& look) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  if (kind == '[') {
    const size_t end = text.find_first_not_of("0123456789;:<=>?!\"#$%&'()*+,-./ ", 2);
    if (end == std::string_view::npos) return text.size();
    if (text[end] == 'm') apply(text.substr(2, end - 2), look);
    const bool is_final = text[end] >= 0x40 && text[end] <= 0x7e;
    return is_final ? end + 1 : end;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    const size_t end = text.find_first_of("\a\x1b", 2);  // ends with BEL, or ESC and a backslash
    if (end == std::string_view::npos) return text.size();
    return text[end] == kEscape && end + 1 < text.size() && text[end + 1] == '\\' ? end + 2
                                                                                  : end + 1;
  }
  if (kind == '(' || kind == ')') return std::min<size_t>(3, text.size());
  return kind >= 0x20 && kind <= 0x7e ? 2 : 1;
}

struct Run {
  Look look;
  std::string text;
};

void take_back(std::vector<Run>& runs) {
  while (!runs.empty()) {
    std::string& text = runs.back().text;
    while (!text.empty() && (static_cast<uint8_t>(text.back()) & 0xc0) == 0x80) text.pop_back();
    if (!text.empty()) text.pop_back();
    if (!text.empty()) return;
    runs.pop_back();
    return;
  }
}

void put_class(Html& html, bool& first, Literal prefix, uint16_t number) {
  if (!std::exchange(first, false)) html.raw(" ");
  html.raw(prefix).number(number);
}

void put_word(Html& html, bool& first, bool wanted, Literal word) {
  if (!wanted) return;
  if (!std::exchange(first, false)) html.raw(" ");
  html.raw(word);
}

void put(Html& html, const Run& run) {
  if (run.text.empty()) return;
  if (run.look == Look{}) {
    html.text(run.text);
    return;
  }
  Look look = run.look;
  bool first = true;
  html.raw("<span class=\"");
  if (look.inverse) std::swap(look.fore, look.back);
  if (look.fore) put_class(html, first, "f", static_cast<uint16_t>(look.fore - 1));
  if (look.back) put_class(html, first, "k", static_cast<uint16_t>(look.back - 1));
  put_word(html, first, look.inverse && !look.fore, "fi");
  put_word(html, first, look.inverse && !look.back, "ki");
  put_word(html, first, look.bold, "bo");
  put_word(html, first, look.dim, "di");
  put_word(html, first, look.italic, "it");
  put_word(html, first, look.underlined, "un");
  put_word(html, first, look.struck, "st");
  html.raw("\">").text(run.text).raw("</span>");
}

std::vector<Run> runs_of(std::string_view line, Look& look) {
  std::vector<Run> runs;
  while (!line.empty()) {
    const char byte = line.front();
    if (byte == kEscape) {
      line.remove_prefix(take_sequence(line, look));
      continue;
    }
    if (byte == '\r') {
      line.remove_prefix(1);
      // A return at the end changes nothing that is seen.
      if (line.find_first_not_of('\r') != std::string_view::npos) runs.clear();
      continue;
    }
    if (byte == '\b') {
      line.remove_prefix(1);
      take_back(runs);
      continue;
    }
    const size_t end = std::min(line.find_first_of("\x1b\r\b"), line.size());
    if (runs.empty() || runs.back().look != look) runs.push_back({look, {}});
    runs.back().text += line.substr(0, end);
    line.remove_prefix(end);
  }
  return runs;
}

}  // namespace

Html ansi_line(std::string_view line, Look& look) {
  Html html;
  for (const Run& run : runs_of(line, look)) put(html, run);
  return html;
}

std::string plain_line(std::string_view line) {
  Look ignored;
  std::string text;
  for (const Run& run : runs_of(line, ignored)) text += run.text;
  return text;
}

Look look_after(std::string_view line, Look look) {
  for (size_t at = line.find(kEscape); at != std::string_view::npos; at = line.find(kEscape)) {
    line.remove_prefix(at);
    line.remove_prefix(take_sequence(line, look));
  }
  return look;
}

std::string palette_css() {
  std::string css;
  std::array<char, 96> rule{};
  for (int index = 16; index < 256; ++index) {
    const Rgb colour = colour_at(index);
    std::snprintf(rule.data(), rule.size(), ".k%d{background:#%02x%02x%02x}\n", index, colour.red,
                  colour.green, colour.blue);
    css += rule.data();
    // Text that is too dark for the ground is lifted, blue most: it adds least to the light.
    const int light = (colour.red * 30 + colour.green * 59 + colour.blue * 11) / 100;
    const int lift = std::max(0, 110 - light);
    auto lifted = [&](int part) { return std::min(255, part + lift); };
    std::snprintf(rule.data(), rule.size(), ".f%d{color:#%02x%02x%02x}\n", index,
                  lifted(colour.red), lifted(colour.green), lifted(colour.blue));
    css += rule.data();
  }
  return css;
}

}  // namespace seaworthy::reporter
