#include "reporter/news/core/address.h"

#include <algorithm>

namespace seaworthy::reporter::news {
namespace {

constexpr size_t kAddressBytes = 254;  // RFC 5321: a path has 256 octets, with < and >
constexpr size_t kLocalBytes = 64;     // the same

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom(std::string_view text, std::string_view also) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [also](char c) {
           return is_letter_or_digit(c) || also.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool is_address(std::string_view text) {
  const size_t at = text.find('@');
  if (text.size() > kAddressBytes || at == std::string_view::npos || at > kLocalBytes) return false;
  const std::string_view domain = text.substr(at + 1);
  return is_atom(text.substr(0, at), ".!#$%&'*+-/=?^_`{|}~") && is_atom(domain, ".-") &&
         text.front() != '-' && domain.front() != '-';
}

std::string address_in(std::string_view text) {
  const size_t open = text.rfind('<');
  if (open == std::string_view::npos) return std::string(text);
  const size_t close = text.find('>', open);
  if (close == std::string_view::npos) return "";
  return std::string(text.substr(open + 1, close - open - 1));
}

std::string name_in(std::string_view text) {
  std::string_view name = text.substr(0, std::min(text.rfind('<'), text.size()));
  if (name.size() == text.size()) return "";
  while (name.ends_with(' ')) name.remove_suffix(1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  return std::string(name);
}

std::string_view domain_of(std::string_view address) {
  const size_t at = address.find('@');
  return at == std::string_view::npos ? "localhost" : address.substr(at + 1);
}

}  // namespace seaworthy::reporter::news
