#include "cli/up/repositories.h"

#include <filesystem>

#include "cli/local_git.h"
#include "shared/git/mirror.h"

namespace seaworthy::cli {

Result<std::string> check_repository(const std::string& path_or_url) {
  const std::string canonical = git::canonical_repository(path_or_url);
  std::error_code error;
  if (!std::filesystem::exists(canonical, error)) {
    if (canonical.find(':') != std::string::npos) return canonical;
    return Unexpected{"cannot watch " + path_or_url +
                      ": there is no such directory, and it is no URL; name a git repository"};
  }
  if (!std::filesystem::is_directory(canonical, error)) return canonical;  // a bundle
  auto found = ask_git(canonical, {"rev-parse", "--git-dir"});
  if (found) return canonical;
  return Unexpected{"cannot watch " + canonical + ": " + found.error() +
                    ": name a git repository, or make one there with `git init`"};
}

}  // namespace seaworthy::cli
