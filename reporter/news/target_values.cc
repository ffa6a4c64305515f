#include "reporter/news/target_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "reporter/news/core/address.h"
#include "shared/model/limits.h"
#include "shared/pipeline/nearest.h"

namespace seaworthy::reporter::news {
namespace {

using pipeline::Parsed;
using pipeline::wrong;
using pipeline::wrong_type;
using pipeline::YamlEntry;
using pipeline::YamlNode;

constexpr size_t kTargetNameBytes = 64;
constexpr size_t kValueBytes = 2'048;
constexpr Duration kLongestTry = std::chrono::minutes(10);
constexpr Duration kHttpTry = std::chrono::seconds(30);
constexpr Duration kMailTry = std::chrono::minutes(2);  // servers take their time after the text

struct KindOf {
  std::string_view word;
  Kind kind;
  std::string_view address_key;      // of where it is
  std::string_view default_address;  // empty: it must be given
  std::string_view secret_key;       // also with -file; empty: none
  bool needs_secret;
};

constexpr std::array<KindOf, 6> kKinds{
    {{"mail", Kind::Mail, "server", "", "password", false},
     {"webhook", Kind::Webhook, "url", "", "secret", false},
     {"github", Kind::Github, "api", "https://api.github.com", "token", true},
     {"gitea", Kind::Gitea, "url", "", "token", true},
     {"gitlab", Kind::Gitlab, "url", "https://gitlab.com", "token", true},
     {"slack", Kind::Slack, "", "", "url", true}}};

std::vector<std::string> keys_of(const KindOf& kind) {
  std::vector<std::string> keys{"kind", "timeout", "ca-file", "proxy"};
  if (!kind.address_key.empty()) keys.emplace_back(kind.address_key);
  if (!kind.secret_key.empty()) {
    keys.emplace_back(kind.secret_key);
    keys.push_back(std::string(kind.secret_key) + "-file");
  }
  if (kind.kind == Kind::Mail)
    for (const char* key : {"from", "user", "tls"}) keys.emplace_back(key);
  if (is_forge(kind.kind)) keys.emplace_back("context");
  return keys;
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

// The values of one target: found by key, with ${NAME} replaced.
class Values {
 public:
  Values(const YamlEntry& entry, const Surroundings& surroundings)
      : map_(entry.value), surroundings_(surroundings), where_("in target '" + entry.key + "'") {}

  const std::string& where() const { return where_; }
  const YamlEntry* find(std::string_view key) const { return pipeline::find(map_, key); }
  pipeline::Position at() const { return map_.at; }

  // Empty if there is none.
  Parsed<std::string> text(std::string_view key) const {
    const YamlEntry* entry = find(key);
    if (entry == nullptr) return std::string();
    if (entry->value.kind != YamlNode::Kind::Text)
      return wrong_type(entry->value, entry->key + " " + where_, "a text");
    auto full = expanded(entry->value);
    if (!full) return full;
    if (full->empty() || full->size() > kValueBytes || !is_one_line(*full))
      return wrong(entry->value.at, entry->key + " " + where_ + " must be one line of 1 to " +
                                        std::to_string(kValueBytes) + " bytes");
    return full;
  }

  // From KEY, or from the file that KEY-file names.
  Parsed<std::string> secret(std::string_view key, bool& holds_secrets) const {
    const YamlEntry* here = find(key);
    const YamlEntry* elsewhere = find(std::string(key) + "-file");
    if (here != nullptr && elsewhere != nullptr)
      return wrong(elsewhere->at,
                   here->key + " and " + elsewhere->key + " both stand " + where_ + "; keep one");
    if (here != nullptr && here->value.text.find("${") == std::string::npos) holds_secrets = true;
    if (elsewhere == nullptr) return text(key);
    auto file = text(elsewhere->key);
    if (!file) return file;
    auto content = surroundings_.secret_file(*file);
    if (!content) return wrong(elsewhere->value.at, content.error());
    while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
    if (content->empty() || content->size() > kValueBytes || !is_one_line(*content))
      return wrong(elsewhere->value.at, "the file " + *file + " must hold one line of 1 to " +
                                            std::to_string(kValueBytes) + " bytes");
    return *std::move(content);
  }

 private:
  Parsed<std::string> expanded(const YamlNode& node) const {
    std::string result;
    std::string_view left = node.text;
    for (size_t start; (start = left.find("${")) != std::string_view::npos;) {
      const size_t end = left.find('}', start);
      if (end == std::string_view::npos)
        return wrong(node.at, "a ${ without its } stands here; write ${NAME}");
      const std::string variable(left.substr(start + 2, end - start - 2));
      const auto value = surroundings_.variable(variable);
      if (!value)
        return wrong(node.at, "the variable " + variable + " is not set in the environment " +
                                  where_ + "; set it where the reporter is started");
      result.append(left.substr(0, start)).append(*value);
      left.remove_prefix(end + 1);
    }
    return result.append(left);
  }

  const YamlNode& map_;
  const Surroundings& surroundings_;
  std::string where_;
};

Parsed<const KindOf*> parse_kind(const Values& values) {
  const YamlEntry* entry = values.find("kind");
  std::vector<std::string> words;
  std::string all;
  for (const KindOf& kind : kKinds) {
    words.emplace_back(kind.word);
    all.append(all.empty() ? "" : ", ").append(kind.word);
  }
  if (entry == nullptr)
    return wrong(values.at(), "no kind stands " + values.where() + "; it is one of " + all);
  for (const KindOf& kind : kKinds)
    if (entry->value.text == kind.word) return &kind;
  const auto meant = pipeline::nearest(entry->value.text, words);
  return wrong(entry->value.at,
               "there is no kind '" + entry->value.text + "' of target" +
                   (meant ? "; did you mean '" + *meant + "'?" : "; the kinds are " + all));
}

// "" or what is wrong. Everything that curl could read otherwise than a person is refused.
std::string what_is_wrong(std::string_view url, std::initializer_list<std::string_view> schemes) {
  std::string_view rest;
  std::string all;
  for (std::string_view scheme : schemes) {
    all.append(all.empty() ? "" : " or ").append(scheme).append("://");
    if (url.starts_with(scheme) && url.substr(scheme.size()).starts_with("://"))
      rest = url.substr(scheme.size() + 3);
  }
  if (rest.empty()) return "must begin with " + all + " and name a host";
  if (url.find_first_of(" \"<>\\^`{|}#") != std::string_view::npos)
    return "has a character that no URL has; write it as %XX";
  const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
  if (host.empty() || host.front() == ':') return "must name a host";
  if (host.find('@') != std::string_view::npos)
    return "must not have a user or a password in it: others can read it";
  return "";
}

Parsed<Duration> parse_timeout(const Values& values, Duration otherwise) {
  auto text = values.text("timeout");
  if (!text) return Unexpected{text.error()};
  if (text->empty()) return otherwise;
  uint32_t number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  const int64_t scale = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "m" ? 60'000 : 0;
  const Duration length{static_cast<int64_t>(number) * scale};
  if (error != std::errc{} || length <= Duration{0} || length > kLongestTry)
    return wrong(values.find("timeout")->value.at,
                 "'" + *text + "' is no time like 500ms, 30s or 2m, of at most 10m");
  return length;
}

Parsed<Done> parse_mail(const Values& values, Target& target) {
  auto from = values.text("from"), user = values.text("user"), tls = values.text("tls");
  for (const auto* value : {&from, &user, &tls})
    if (!*value) return Unexpected{value->error()};
  if (from->empty())
    return wrong(values.at(),
                 "no from stands " + values.where() + "; write the address that mails come from");
  target.from = address_in(*from);
  target.from_name = name_in(*from);
  if (!is_address(target.from))
    return wrong(values.find("from")->value.at,
                 "from must be an address such as Seaworthy <ci@example.org>");
  target.user = *user;
  if (target.user.empty() != target.secret.empty())
    return wrong(values.at(),
                 "user and password belong together; one of them is missing " + values.where());
  if (!tls->empty() && *tls != "required" && *tls != "none")
    return wrong(values.find("tls")->value.at, "tls must be required or none");
  target.tls = *tls == "none" ? Tls::None : Tls::Required;
  if (target.tls == Tls::None && !target.user.empty())
    return wrong(values.find("tls")->value.at,
                 "a password is not sent without TLS; remove tls, or user and password");
  return Done{};
}

Parsed<Done> parse_address(const Values& values, const KindOf& kind, Target& target) {
  std::string key(kind.address_key);
  if (kind.kind == Kind::Slack) {
    key = "url";
    target.url = std::exchange(target.secret, {});
  } else {
    auto address = values.text(key);
    if (!address) return Unexpected{address.error()};
    target.url = address->empty() ? std::string(kind.default_address) : *std::move(address);
  }
  if (target.url.empty())
    return wrong(values.at(), "no " + key + " stands " + values.where() + "; write where it is");
  const std::string why = kind.kind == Kind::Mail ? what_is_wrong(target.url, {"smtps", "smtp"})
                                                  : what_is_wrong(target.url, {"https", "http"});
  const YamlEntry* entry = values.find(key);
  if (!why.empty()) return wrong(entry == nullptr ? values.at() : entry->value.at, key + " " + why);
  while (is_forge(kind.kind) && target.url.ends_with('/')) target.url.pop_back();
  return Done{};
}

Parsed<Done> parse_rest(const Values& values, const KindOf& kind, Target& target) {
  auto ca_file = values.text("ca-file"), proxy = values.text("proxy"),
       context = values.text("context");
  for (const auto* value : {&ca_file, &proxy, &context})
    if (!*value) return Unexpected{value->error()};
  target.ca_file = *ca_file;
  target.proxy = *proxy;
  if (!context->empty()) target.context = *context;
  if (!target.proxy.empty())
    if (const std::string why = what_is_wrong(target.proxy, {"http", "https", "socks5h"});
        !why.empty())
      return wrong(values.find("proxy")->value.at, "proxy " + why);
  auto timeout = parse_timeout(values, kind.kind == Kind::Mail ? kMailTry : kHttpTry);
  if (!timeout) return Unexpected{timeout.error()};
  target.timeout = *timeout;
  return Done{};
}

Parsed<Done> check_target_name(const YamlEntry& entry) {
  const bool good = !entry.key.empty() && entry.key.size() <= kTargetNameBytes &&
                    std::all_of(entry.key.begin(), entry.key.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                    });
  if (good) return Done{};
  return wrong(entry.at, "the name of a target has 1 to " + std::to_string(kTargetNameBytes) +
                             " letters, digits, - _ or .");
}

}  // namespace

Parsed<Target> parse_target(const YamlEntry& entry, const Surroundings& surroundings,
                            bool& holds_secrets) {
  if (auto good = check_target_name(entry); !good) return Unexpected{good.error()};
  if (entry.value.kind != YamlNode::Kind::Map)
    return wrong_type(entry.value, "target '" + entry.key + "'", "a map with kind");
  const Values values(entry, surroundings);
  const auto kind = parse_kind(values);
  if (!kind) return Unexpected{kind.error()};
  if (auto good = pipeline::check_keys(entry.value, values.where(), keys_of(**kind)); !good)
    return Unexpected{good.error()};
  Target target;
  target.name = entry.key;
  target.kind = (*kind)->kind;
  auto secret = values.secret((*kind)->secret_key, holds_secrets);
  if (!secret) return Unexpected{secret.error()};
  target.secret = *std::move(secret);
  if ((*kind)->needs_secret && target.secret.empty())
    return wrong(values.at(), "no " + std::string((*kind)->secret_key) + " stands " +
                                  values.where() + "; write it, or " +
                                  std::string((*kind)->secret_key) + "-file");
  if (auto good = parse_address(values, **kind, target); !good) return Unexpected{good.error()};
  if (target.kind == Kind::Mail)
    if (auto good = parse_mail(values, target); !good) return Unexpected{good.error()};
  if (auto good = parse_rest(values, **kind, target); !good) return Unexpected{good.error()};
  return target;
}

}  // namespace seaworthy::reporter::news
