#include "shared/io/owned_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shared/io/fd.h"
#include "shared/io/file.h"
#include "shared/io/keys.h"

namespace seaworthy::io {
namespace {

namespace fs = std::filesystem;

// Empty: only those whom we trust anyway can write it.
std::string who_else_writes(const struct stat& about) {
  const bool is_ours = about.st_uid == 0 || about.st_uid == geteuid() || geteuid() == 0;
  if (is_ours && (about.st_mode & 022) == 0) return {};
  return ": others may write it, and so let themselves in; look at the list, then chown it to who "
         "runs the program and chmod go-w it";
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

Result<std::optional<std::string>> read_owned_file(const fs::path& file, const std::string& what) {
  const Fd in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in && errno == ENOENT) return std::optional<std::string>();
  struct stat around {
  }, about{};
  if (!in || fstat(in.get(), &about) != 0 || stat(folder_of(file).c_str(), &around) != 0)
    return Unexpected{errno_text("cannot read " + what + " from " + file.string())};
  if (const std::string who = who_else_writes(around); !who.empty())
    return Unexpected{"refused the directory " + folder_of(file).string() + who};
  if (const std::string who = who_else_writes(about); !who.empty())
    return Unexpected{"refused " + file.string() + who};
  auto text = read_all(in.get(), file.string());
  if (!text) return Unexpected{text.error()};
  return std::optional(std::move(*text));
}

Result<Done> change_owned_file(
    const fs::path& file, const std::string& what, const std::string& option,
    const std::function<Result<std::optional<std::string>>(const std::string&)>& change) {
  std::error_code error;
  fs::create_directories(folder_of(file), error);
  const fs::path lock_file = file.string() + ".lock";
  const Fd lock(open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || flock(lock.get(), LOCK_EX) != 0)
    return Unexpected{errno_text("cannot write in " + folder_of(file).string()) +
                      ": name another place with " + option};
  auto text = read_owned_file(file, what);
  if (!text) return Unexpected{text.error()};
  auto changed = change(text->value_or(""));
  if (!changed) return Unexpected{changed.error()};
  return *changed ? write_secret_file(file, **changed) : Result<Done>(Done{});
}

}  // namespace seaworthy::io
