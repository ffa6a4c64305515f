// RefEvents hears of refs that move in a repository of this machine, from the kernel (inotify): a
// commit, a push, a fetch, a deleted branch or packed refs, without a hook and without looking.
// Owned and used by one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "shared/io/fd.h"
#include "watcher/core/plan.h"

namespace seaworthy::watcher {

class RefEvents {
 public:
  // None where nothing would be heard: `repository` is no directory of this machine, lies on a file
  // system that others change too (a network's, a virtual machine's), keeps its refs in another
  // way than files, or has more directories of refs than the system lets us hear of.
  static std::optional<RefEvents> of(const std::string& repository);

  // Readable when something happened.
  int fd() const { return inotify_.get(); }

  // False: another directory has taken the place of the one that is listened to.
  bool are_of(const std::string& repository) const;

  enum class Heard {
    Nothing,  // that concerns a ref
    Change,
    End,  // nothing more will be heard: the repository was moved or removed
  };
  // Takes what happened since the last call, without waiting.
  Heard take();
  struct Moved {
    Heads heads;  // where refs that were heard of point to now; some to tags
    // False: more happened, or what they point to is not told; who looks sees all.
    bool is_all = true;
  };
  // Of what take() heard since the last call.
  Moved take_moved();

 private:
  RefEvents(io::Fd inotify, std::filesystem::path directory, uint64_t inode)
      : inotify_(std::move(inotify)), directory_(std::move(directory)), inode_(inode) {}
  // This directory and those below it; false: not all can be heard of.
  bool add_refs(const std::filesystem::path& directory);
  bool add(const std::filesystem::path& directory);

  io::Fd inotify_;
  std::filesystem::path directory_;  // git's
  uint64_t inode_;                   // of it
  int git_directory_ = -1;
  std::unordered_map<int, std::filesystem::path> directories_;  // by inotify's descriptor
  std::set<std::filesystem::path> moved_;                       // files of refs; at most kMostMoved
  bool more_happened_ = false;
};

}  // namespace seaworthy::watcher
