#include "shared/io/authorized.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "shared/io/fd.h"

namespace seaworthy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead =
    "# Who is let in by the broker: role, name, public key. Written by `seaworthy invite` and\n"
    "# `seaworthy keys revoke`; the broker follows changes at once.\n";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

Result<AuthorizedKey> parse_line(const std::string& line) {
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

Result<std::vector<AuthorizedKey>> read_list(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (in.bad()) return Unexpected{errno_text("cannot read " + file.string())};
  auto keys = parse_authorized(text.str());
  if (!keys) return Unexpected{"cannot use " + file.string() + ": " + keys.error()};
  return keys;
}

}  // namespace

Result<std::vector<AuthorizedKey>> parse_authorized(std::string_view text) {
  std::vector<AuthorizedKey> keys;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (trimmed(line).empty() || trimmed(line).front() == '#') continue;
    const std::string where = "line " + std::to_string(number) + ": ";
    auto key = parse_line(line);
    if (!key) return Unexpected{where + key.error()};
    for (const AuthorizedKey& other : keys)
      if (other.name == key->name || other.key == key->key)
        return Unexpected{where + "the name or the key is there already, as " + other.name};
    keys.push_back(std::move(*key));
  }
  return keys;
}

std::string text_of(const std::vector<AuthorizedKey>& keys) {
  std::string text(kHead);
  for (const AuthorizedKey& key : keys)
    text += std::string(to_string(key.role)) + " " + key.name + " " + to_hex(key.key) +
            (key.note.empty() ? "" : " # " + key.note) + "\n";
  return text;
}

fs::path authorized_file(const fs::path& directory) { return directory / "authorized"; }

Result<std::vector<AuthorizedKey>> read_authorized(const fs::path& directory) {
  const fs::path file = authorized_file(directory);
  struct stat about {};
  if (stat(file.c_str(), &about) != 0)
    return Unexpected{errno_text("cannot read who is let in from " + file.string()) +
                      ": `seaworthy keygen --dir " + directory.string() + "` makes it"};
  if ((about.st_mode & 022) != 0)
    return Unexpected{"refused " + file.string() +
                      ": others than its owner may write it, and so let themselves in; look at "
                      "it, then chmod go-w it"};
  return read_list(file);
}

Result<Done> change_authorized(
    const fs::path& directory,
    const std::function<Result<bool>(std::vector<AuthorizedKey>&)>& change) {
  std::error_code error;
  fs::create_directories(directory, error);
  const fs::path lock_file = directory / "authorized.lock";
  const Fd lock(open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || flock(lock.get(), LOCK_EX) != 0)
    return Unexpected{errno_text("cannot write in " + directory.string()) +
                      ": name another directory of keys with --dir"};
  std::vector<AuthorizedKey> keys;
  if (fs::exists(authorized_file(directory))) {
    auto there = read_authorized(directory);
    if (!there) return Unexpected{there.error()};
    keys = std::move(*there);
  }
  auto changed = change(keys);
  if (!changed) return Unexpected{changed.error()};
  if (!*changed) return Done{};
  return write_secret_file(authorized_file(directory), text_of(keys));
}

}  // namespace seaworthy::io
