#include "reporter/entry/visitor.h"

#include <algorithm>

#include "shared/base/text.h"

namespace seaworthy::reporter {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view only_field(const http::Request& request, std::string_view name) {
  const http::Field* found = nullptr;
  for (const http::Field& field : request.fields) {
    if (!same_word(field.first, name)) continue;
    if (found != nullptr) return {};
    found = &field;
  }
  return found == nullptr ? std::string_view{} : trimmed(found->second);
}

std::string_view bearer_of(const http::Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view text = only_field(request, "Authorization");
  if (text.size() <= kScheme.size() || !same_word(text.substr(0, kScheme.size()), kScheme))
    return {};
  return trimmed(text.substr(kScheme.size()));
}

std::string cookie_of(const http::Request& request, std::string_view name) {
  std::string_view found;
  for (const http::Field& field : request.fields) {
    if (!same_word(field.first, "Cookie")) continue;
    for (std::string_view left = field.second; !left.empty();) {
      const std::string_view part = trimmed(left.substr(0, left.find(';')));
      left.remove_prefix(std::min(left.size(), left.find(';') == std::string_view::npos
                                                   ? left.size()
                                                   : left.find(';') + 1));
      const size_t equals = part.find('=');
      if (equals == std::string_view::npos || part.substr(0, equals) != name) continue;
      if (!found.empty()) return {};
      found = part.substr(equals + 1);
    }
  }
  return std::string(found);
}

bool is_from_our_page(const http::Request& request) {
  if (const std::string_view site = only_field(request, "Sec-Fetch-Site"); !site.empty())
    return site == "same-origin";
  const std::string_view origin = only_field(request, "Origin");
  const size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && !request.host.empty() &&
         same_word(origin.substr(scheme + 3), request.host);
}

std::string safe_address(std::string_view wanted) {
  const bool is_path = wanted.starts_with('/') && !wanted.starts_with("//");
  const bool is_plain = std::all_of(wanted.begin(), wanted.end(),
                                    [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  const bool is_sign = wanted.starts_with("/sign-");
  return is_path && is_plain && !is_sign ? std::string(wanted) : "/";
}

bool are_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(static_cast<uint8_t>(a[i]) ^ static_cast<uint8_t>(b[i]));
  return difference == 0;
}

}  // namespace seaworthy::reporter
