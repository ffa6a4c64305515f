#include "watcher/ref_events.h"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "shared/git/local_repository.h"
#include "shared/git/mirror_names.h"
#include "shared/io/file.h"

namespace seaworthy::watcher {

namespace fs = std::filesystem;

namespace {

// Of refs, of one repository. Deep names of branches make many; beyond it the timer is enough.
constexpr size_t kMostDirectories = 4096;
// Remembered by name. What more of them moved at once is found by looking.
constexpr size_t kMostMoved = 16;

// Where all changes go through this kernel.
bool is_on_own_disk(const fs::path& directory) {
  constexpr std::array<uint32_t, 7> kKnown{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
                                           F2FS_SUPER_MAGIC, TMPFS_MAGIC,     OVERLAYFS_SUPER_MAGIC,
                                           0x2fc12fc1 /* ZFS */};
  struct statfs file_system {};
  return ::statfs(directory.c_str(), &file_system) == 0 &&
         std::find(kKnown.begin(), kKnown.end(), static_cast<uint32_t>(file_system.f_type)) !=
             kKnown.end();
}

uint64_t inode_of(const fs::path& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 ? status.st_ino : 0;
}

// git writes "main.lock" and renames it to "main".
bool is_lock(std::string_view name) { return name.ends_with(".lock"); }

}  // namespace

std::optional<RefEvents> RefEvents::of(const std::string& repository) {
  if (!git::is_local_path(repository)) return std::nullopt;
  const fs::path directory = git::git_directory_of(repository);
  std::error_code error;
  if (!fs::is_directory(directory / "refs/heads", error) || !is_on_own_disk(directory))
    return std::nullopt;
  RefEvents events(io::Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), directory, inode_of(directory));
  if (!events.inotify_) return std::nullopt;
  constexpr uint32_t kEnd = IN_DELETE_SELF | IN_MOVE_SELF;
  (void)inotify_add_watch(events.fd(), repository.c_str(), kEnd);
  events.git_directory_ = inotify_add_watch(events.fd(), directory.c_str(), IN_MOVED_TO | kEnd);
  if (events.git_directory_ < 0 || !events.add_refs(directory / "refs")) return std::nullopt;
  return events;
}

bool RefEvents::are_of(const std::string& repository) const {
  return inode_of(git::git_directory_of(repository)) == inode_;
}

bool RefEvents::add_refs(const fs::path& directory) {
  if (!add(directory)) return false;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(directory, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error))
    if (it->is_directory(error) && !add(it->path())) return false;
  return !error;
}

bool RefEvents::add(const fs::path& directory) {
  if (directories_.size() >= kMostDirectories) return false;
  const int watch = inotify_add_watch(
      fd(), directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_CREATE | IN_ONLYDIR);
  if (watch < 0) return errno == ENOENT;
  directories_[watch] = directory;
  return true;
}

RefEvents::Heard RefEvents::take() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  Heard heard = Heard::Nothing;
  for (ssize_t size = 0; (size = ::read(fd(), buffer.data(), buffer.size())) > 0;) {
    for (const char* at = buffer.data(); at < buffer.data() + size;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const std::string_view name = event.len > 0 ? at + sizeof event : "";
      at += sizeof event + event.len;
      if ((event.mask & IN_IGNORED) != 0) directories_.erase(event.wd);
      // After an overflow directories may have come unheard.
      if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_Q_OVERFLOW)) != 0) return Heard::End;
      if (event.wd == git_directory_) {
        if (name == "packed-refs") heard = Heard::Change, more_happened_ = true;
      } else if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0 && (event.mask & IN_ISDIR) != 0) {
        const auto parent = directories_.find(event.wd);
        if (parent != directories_.end() && !add_refs(parent->second / name)) return Heard::End;
        heard = Heard::Change;
        more_happened_ = true;
      } else if ((event.mask & (IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE)) != 0 && !is_lock(name)) {
        heard = Heard::Change;
        const auto parent = directories_.find(event.wd);
        if (parent != directories_.end() && moved_.size() < kMostMoved)
          moved_.insert(parent->second / name);
        else
          more_happened_ = true;
      }
    }
  }
  return heard;
}

RefEvents::Moved RefEvents::take_moved() {
  Moved moved{{}, !std::exchange(more_happened_, false)};
  for (const fs::path& file : std::exchange(moved_, {})) {
    auto text = io::read_file(file);
    if (text && text->ends_with('\n')) text->pop_back();
    if (text && git::is_object_id(*text))
      moved.heads.emplace(file.lexically_relative(directory_).string(), std::move(*text));
    else
      moved.is_all = false;
  }
  return moved;
}

}  // namespace seaworthy::watcher
