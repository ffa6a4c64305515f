// Query is the part of an address behind its '?', decoded: %XX and '+'. The first of a name counts.
// Pure. Not for paths: no address of ours needs decoding there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seaworthy::reporter {

// Nothing if it has an escape that is none.
std::optional<std::string> decoded(std::string_view text);
// A whole decimal number and nothing else.
std::optional<uint64_t> parse_number(std::string_view text);

class Query {
 public:
  // `text`: "a=1&b=x%20y", of a query or of a form's body. Nothing if an escape is none, or if
  // there are more than kMostParts.
  static std::optional<Query> parse(std::string_view text);
  static constexpr size_t kMostParts = 64;

  // Empty if it is not there.
  const std::string& word(std::string_view name) const;
  bool has(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parts_;
};

}  // namespace seaworthy::reporter
