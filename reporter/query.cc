#include "reporter/query.h"

#include <algorithm>
#include <charconv>

#include "reporter/percent.h"

namespace seaworthy::reporter {
std::optional<std::string> decoded(std::string_view text) {
  if (!is_percent_encoding(text)) return std::nullopt;
  return query_decoded(text);
}

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

std::optional<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    auto name = decoded(part.substr(0, equals));
    auto value = decoded(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value || query.parts_.size() == kMostParts) return std::nullopt;
    query.parts_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

const std::string& Query::word(std::string_view name) const {
  static const std::string nothing;
  for (const auto& [one, value] : parts_)
    if (one == name) return value;
  return nothing;
}

bool Query::has(std::string_view name) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const auto& part) { return part.first == name; });
}

}  // namespace seaworthy::reporter
