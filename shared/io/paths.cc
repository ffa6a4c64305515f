#include "shared/io/paths.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cstdlib>

namespace seaworthy::io {

namespace fs = std::filesystem;

fs::path default_state_directory() {
  if (const char* xdg = std::getenv("XDG_STATE_HOME"); xdg != nullptr && *xdg == '/')
    return fs::path(xdg) / "seaworthy";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home == '/' ? home : "/var/tmp") / ".local/state/seaworthy";
}

Result<Fd> lock_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return Unexpected{"cannot create the directory " + directory.string() + ": " + error.message() +
                      ": choose another with --state"};
  const std::string path = directory / "lock";
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock)
    return Unexpected{errno_text("cannot write in " + directory.string()) +
                      ": choose another with --state"};
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    std::string who =
        read(lock.get(), holder.data(), holder.size() - 1) > 0 ? holder.data() : "another process";
    return Unexpected{"cannot use the directory " + directory.string() + ": process " + who +
                      " uses it; stop that one, or choose another directory with --state"};
  }
  std::string pid = std::to_string(getpid());
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
    return Unexpected{errno_text("cannot write " + path)};
  return lock;
}

}  // namespace seaworthy::io
