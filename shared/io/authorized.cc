#include "shared/io/authorized.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "shared/base/text.h"
#include "shared/io/owned_file.h"

namespace seaworthy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeysHead =
    "# Who is let in by the broker: role, name, public key. Written by `seaworthy invite` and\n"
    "# `seaworthy keys revoke`; the broker follows changes at once.\n";

bool is_comment(std::string_view line) {
  return trimmed(line).empty() || trimmed(line).front() == '#';
}

Result<AuthorizedKey> parse_authorized_key(const std::string& line) {
  const size_t hash = line.find('#');
  std::istringstream words(line.substr(0, hash));
  std::string role_word, name, hex, more;
  words >> role_word >> name >> hex;
  const auto role = parse_role(role_word);
  const auto key = parse_public_key(hex);
  if (!role || !is_key_name(name) || !key || words >> more)
    return Unexpected{
        std::string("it is not ROLE NAME PUBLIC-KEY (role: worker, client, watcher, "
                    "reporter or admin; key: 64 hex digits)")};
  AuthorizedKey authorized{*role, name, *key, ""};
  if (hash != std::string::npos) authorized.note = trimmed(std::string_view(line).substr(hash + 1));
  return authorized;
}

constexpr const char* kWhatKeys = "who is let in";

Result<std::vector<AuthorizedKey>> keys_of(const fs::path& directory, std::string_view text) {
  auto keys = parse_authorized(text);
  if (keys) return keys;
  return Unexpected{"cannot use " + authorized_file(directory).string() + ": " + keys.error()};
}

std::string line_of(const AuthorizedKey& key) {
  return std::string(to_string(key.role)) + " " + key.name + " " + to_hex(key.key) +
         (key.note.empty() ? "" : " # " + key.note) + "\n";
}

// The text with just these keys: people's comments stay.
std::string rewritten(const std::string& text, std::vector<AuthorizedKey> keys) {
  std::string result(text.empty() ? kKeysHead : "");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!is_comment(line)) {
      const auto key = parse_authorized_key(line);
      const auto kept = std::find(keys.begin(), keys.end(), *key);
      if (kept == keys.end()) continue;
      keys.erase(kept);
    }
    result += line + "\n";
  }
  for (const AuthorizedKey& key : keys) result += line_of(key);
  return result;
}

}  // namespace

Result<std::vector<AuthorizedKey>> parse_authorized(std::string_view text) {
  std::vector<AuthorizedKey> keys;
  std::istringstream lines{std::string(text)};
  std::set<std::string> names;
  std::set<PublicKey> known;
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (is_comment(line)) continue;
    const std::string where = "line " + std::to_string(number) + ": ";
    auto key = parse_authorized_key(line);
    if (!key) return Unexpected{where + key.error()};
    if (!names.insert(key->name).second || !known.insert(key->key).second)
      return Unexpected{where + "the name or the key of " + key->name + " is there already"};
    keys.push_back(std::move(*key));
  }
  return keys;
}

fs::path authorized_file(const fs::path& directory) { return directory / "authorized"; }

Result<std::vector<AuthorizedKey>> read_authorized(const fs::path& directory) {
  auto text = read_owned_file(authorized_file(directory), kWhatKeys);
  if (!text) return Unexpected{text.error()};
  if (!*text)
    return Unexpected{"there is no list of who is let in at " +
                      authorized_file(directory).string() + ": `seaworthy keygen --dir " +
                      directory.string() + "` makes it"};
  return keys_of(directory, **text);
}

Result<Done> change_authorized(
    const fs::path& directory,
    const std::function<Result<bool>(std::vector<AuthorizedKey>&)>& change) {
  return change_owned_file(authorized_file(directory), kWhatKeys, "--dir",
                           [&](const std::string& there) -> Result<std::optional<std::string>> {
                             auto keys = keys_of(directory, there);
                             if (!keys) return Unexpected{keys.error()};
                             auto changed = change(*keys);
                             if (!changed) return Unexpected{changed.error()};
                             if (!*changed) return std::optional<std::string>();
                             return std::optional(rewritten(there, std::move(*keys)));
                           });
}

}  // namespace seaworthy::io
