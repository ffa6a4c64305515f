#include "shared/git/local_repository.h"

#include "shared/git/mirror_names.h"

namespace seaworthy::git {

namespace fs = std::filesystem;

fs::path git_directory_of(const std::string& repository) {
  std::error_code error;
  const fs::path inner = fs::path(repository) / ".git";
  return fs::is_directory(inner, error) ? inner : fs::path(repository);
}

fs::path objects_of(const std::string& repository) {
  // git's list has a path a line.
  if (!is_local_path(repository) || repository.find('\n') != std::string::npos) return {};
  std::error_code error;
  fs::path objects = git_directory_of(repository) / "objects";
  return objects.is_absolute() && fs::is_directory(objects, error) ? objects : fs::path();
}

}  // namespace seaworthy::git
