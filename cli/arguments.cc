#include "cli/arguments.h"

#include <algorithm>
#include <charconv>

namespace seaworthy::cli {
namespace {

// Letters added, removed, changed, or swapped with their neighbour.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::optional<Duration> parse_time(std::string_view text) {
  double number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(rest - text.data()));
  const double scale = unit.empty() || unit == "s" ? 1'000
                       : unit == "ms"              ? 1
                       : unit == "m"               ? 60'000
                       : unit == "h"               ? 3'600'000
                                                   : 0;
  constexpr double kLongest = 1e12;  // 31 years
  if (scale == 0 || number * scale > kLongest) return std::nullopt;
  return Duration{static_cast<int64_t>(number * scale)};
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 64) return std::nullopt;
  const std::string* best = nullptr;
  size_t least = std::max<size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known)
    if (size_t d = candidate.starts_with(word) && word.size() > 1 ? 0 : distance(word, candidate);
        d < least) {
      least = d;
      best = &candidate;
    }
  return best != nullptr ? std::optional(*best) : std::nullopt;
}

}  // namespace seaworthy::cli
