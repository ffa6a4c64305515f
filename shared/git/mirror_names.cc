// The names of repositories and mirrors: pure text, apart from looking at local paths.
#include <algorithm>
#include <cctype>

#include "shared/git/mirror.h"
#include "shared/git/mirror_names.h"
#include "shared/io/sha256.h"

namespace seaworthy::git {

namespace fs = std::filesystem;

namespace {

constexpr size_t kReadablePart = 40;
constexpr size_t kHashBytes = 12;

std::string_view without_trailing_slashes(std::string_view text) {
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  return text;
}

std::string hash_of(std::string_view text) {
  io::Sha256 digest;
  digest.add(text);
  return digest.hex().substr(0, 2 * kHashBytes);
}

}  // namespace

bool is_local_path(std::string_view repository) {
  // As git tells them apart: "host:path" is a URL unless a slash stands before the colon.
  size_t colon = repository.find(':');
  return colon == std::string_view::npos || repository.find('/') < colon;
}

std::string canonical_repository(std::string_view path_or_url) {
  std::error_code error;
  if (!is_local_path(path_or_url) && !fs::exists(path_or_url, error))
    return std::string(without_trailing_slashes(path_or_url));
  fs::path path = fs::absolute(path_or_url, error).lexically_normal();
  if (fs::path resolved = fs::weakly_canonical(path, error); !error) path = resolved;
  std::string text(without_trailing_slashes(path.string()));
  if (path.has_parent_path() && text.ends_with("/.git")) text.resize(text.size() - 5);
  return text.empty() ? "/" : text;
}

std::string short_name(std::string_view repository) {
  std::string_view name = without_trailing_slashes(repository);
  if (name.ends_with("/.git")) name.remove_suffix(5);
  if (name.ends_with(".git")) name.remove_suffix(4);
  name = without_trailing_slashes(name);
  size_t separator = name.find_last_of("/:");
  if (separator != std::string_view::npos) name = name.substr(separator + 1);
  return name.empty() ? "repository" : std::string(name);
}

bool is_object_id(std::string_view text) {
  auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(), is_digit);
}

std::string mirror_name(std::string_view repository) {
  std::string readable;
  for (char c : short_name(repository).substr(0, kReadablePart)) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    readable.push_back(plain ? c : '_');
  }
  return readable + "-" + hash_of(repository) + ".git";
}

Result<Done> check_ref_glob(std::string_view glob) {
  auto refuse = [&](std::string_view why) {
    return Unexpected{"cannot watch the refs '" + std::string(glob) + "': " + std::string(why) +
                      "; a good one looks like refs/heads/* or refs/tags/v*"};
  };
  if (!glob.starts_with("refs/") || glob == "refs/") return refuse("it does not start with refs/");
  if (std::count(glob.begin(), glob.end(), '*') > 1) return refuse("git allows one * only");
  if (glob.find("..") != std::string_view::npos || glob.find("//") != std::string_view::npos ||
      glob.ends_with("/") || glob.ends_with(".lock"))
    return refuse("git knows no such names");
  for (char c : glob)
    if (static_cast<unsigned char>(c) <= ' ' ||
        std::string_view("~^:?[\\\x7f").find(c) != std::string_view::npos)
      return refuse("it has a character that git allows in no ref");
  return Done{};
}

bool matches_ref_glob(std::string_view glob, std::string_view ref) {
  size_t star = glob.find('*');
  if (star == std::string_view::npos) return glob == ref;
  std::string_view before = glob.substr(0, star), after = glob.substr(star + 1);
  return ref.size() >= before.size() + after.size() && ref.starts_with(before) &&
         ref.ends_with(after);
}

}  // namespace seaworthy::git
