#include "watcher/webhooks/payload.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

namespace seaworthy::watcher {
namespace {

using nlohmann::json;

// Where forges write it: "repository" (GitHub, Gitea, GitLab's older form) and "project" (GitLab).
constexpr std::array<std::string_view, 2> kObjects{"repository", "project"};
constexpr std::array<std::string_view, 9> kNames{"clone_url",    "ssh_url",     "git_url",
                                                 "html_url",     "svn_url",     "url",
                                                 "git_http_url", "git_ssh_url", "web_url"};
constexpr size_t kLongestName = 2'048;

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Keeps what stands in {"repository": {NAME: "text"}} or is {"repository": "text"}, nothing else,
// while it reads: memory is bounded whatever the body holds.
class Reader final : public nlohmann::json_sax<json> {
 public:
  std::vector<std::string> names;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& text) override {
    const bool is_name =
        depth_ == 1 ? is_one_of(kObjects, key_) : depth_ == 2 && wanted_ && is_one_of(kNames, key_);
    if (is_name && !text.empty() && text.size() <= kLongestName) names.push_back(std::move(text));
    return true;
  }
  bool start_object(size_t) override {
    if (++depth_ == 2) wanted_ = is_one_of(kObjects, key_);
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ <= 2) key_ = name;
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override {
    if (++depth_ == 2) wanted_ = false;
    return true;
  }
  bool end_array() override { return leave(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool leave() {
    if (--depth_ == 1) wanted_ = false;
    return true;
  }
  size_t depth_ = 0;
  bool wanted_ = false;
  std::string key_;
};

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string form_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
        digit_of(text[i + 2]) >= 0) {
      plain += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

// None of a body that is no form, whatever its content type says: `curl -d` calls all of them one.
std::optional<std::string> payload_of_form(std::string_view body) {
  if (body.starts_with('{')) return std::nullopt;
  constexpr std::string_view kField = "payload=";
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    if (body.starts_with(kField))
      return form_decoded(body.substr(kField.size(), end - kField.size()));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return std::nullopt;
}

// "example.org/a/b" of a URL or of host:path; a path is never the same as one of them.
std::string common_name(std::string_view text) {
  const size_t scheme = text.find("://");
  const bool is_url = scheme != std::string_view::npos;
  if (is_url && text.substr(0, scheme) != "file")
    text.remove_prefix(scheme + 3);
  else if (is_url)
    return common_name(text.substr(scheme + 3));
  const size_t colon = text.find(':');
  const size_t slash = text.find('/');
  const bool is_local = !is_url && (text.starts_with('/') || text.starts_with('.') ||
                                    colon == std::string_view::npos || slash < colon);
  std::string host = "a path: ";
  std::string_view path = text;
  if (!is_local) {
    const size_t end = std::min(is_url ? slash : colon, text.size());
    std::string_view authority = text.substr(0, end);
    authority.remove_prefix(std::min(authority.rfind('@') + 1, authority.size()));
    if (is_url && !authority.starts_with('[')) authority = authority.substr(0, authority.find(':'));
    host.clear();
    for (char c : authority) host += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    path = text.substr(std::min(end + 1, text.size()));
    while (path.starts_with('/')) path.remove_prefix(1);
    host += '/';
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  while (path.ends_with('/')) path.remove_suffix(1);
  return host + std::string(path);
}

}  // namespace

Result<std::vector<std::string>> names_in(std::string_view body) {
  const std::optional<std::string> payload = payload_of_form(body);
  Reader reader;
  if (!json::sax_parse(payload ? std::string_view(*payload) : body, &reader))
    return Unexpected{"The body is no JSON: let the hook send application/json."};
  return std::move(reader.names);
}

bool is_same_repository(std::string_view a, std::string_view b) {
  return common_name(a) == common_name(b);
}

}  // namespace seaworthy::watcher
