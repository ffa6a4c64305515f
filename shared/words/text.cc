#include "shared/words/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace seaworthy::words {
namespace {

std::string formatted(UnixMillis at, const char* format) {
  if (!at) return "-";
  const std::time_t seconds = static_cast<std::time_t>(at.value / 1000);
  std::tm parts{};
  std::array<char, 64> text{};
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  return std::string(text.data(), std::strftime(text.data(), text.size(), format, &parts));
}

std::string with_one_decimal(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

// C0, DEL, and the C1 controls, which UTF-8 writes as 0xc2 0x80..0x9f.
bool is_control(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return true;
  return byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

}  // namespace

std::string duration(Duration length) {
  const int64_t ms = std::max<int64_t>(length.count(), 0);
  const int64_t s = ms / 1000, min = s / 60, h = min / 60;
  if (ms < 60'000) return std::to_string(s) + "." + std::to_string(ms / 100 % 10) + " s";
  if (min < 60) return std::to_string(min) + " min " + std::to_string(s % 60) + " s";
  if (h < 24) return std::to_string(h) + " h " + std::to_string(min % 60) + " min";
  return std::to_string(h / 24) + " d " + std::to_string(h % 24) + " h";
}

Duration between(UnixMillis from, UnixMillis to) {
  return Duration{std::max<int64_t>(to.value - from.value, 0)};
}

std::string date_time(UnixMillis at) { return formatted(at, "%Y-%m-%d %H:%M:%S"); }
std::string time_of_day(UnixMillis at) { return formatted(at, "%H:%M:%S"); }

std::string bytes(uint64_t count) {
  if (count < 1024) return std::to_string(count) + " B";
  const double kib = static_cast<double>(count) / 1024;
  if (kib < 1024) return with_one_decimal(kib) + " KiB";
  return with_one_decimal(kib / 1024) + " MiB";
}

std::string printable(std::string_view text, size_t most) {
  std::string clean;
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (starts_character(text[i]) && ++characters > most) return clean + "…";
    if (!is_control(text, i)) {
      clean.push_back(text[i]);
      continue;
    }
    clean.push_back(text[i] == '\n' || text[i] == '\t' ? ' ' : '?');
    if (static_cast<unsigned char>(text[i]) == 0xc2) ++i;
  }
  return clean;
}

std::string short_ref(std::string_view ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/"})
    if (ref.starts_with(prefix)) return printable(ref.substr(prefix.size()));
  return printable(ref);
}

std::string short_revision(std::string_view revision) { return printable(revision.substr(0, 10)); }

std::string short_repository(std::string_view repository) {
  while (repository.size() > 1 && repository.ends_with('/')) repository.remove_suffix(1);
  if (size_t slash = repository.find_last_of("/:");
      slash != std::string_view::npos && slash + 1 < repository.size())
    repository.remove_prefix(slash + 1);
  if (repository.size() > 4 && repository.ends_with(".git")) repository.remove_suffix(4);
  return printable(repository);
}

std::string count_of(uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

}  // namespace seaworthy::words
