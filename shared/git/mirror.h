// Mirror is a bare copy of one repository on this machine's disk, kept by the git program (which
// has the credentials, protocols and fixes). Watcher, workers and command line of one machine share
// a folder of mirrors; a lock file beside each mirror serialises fetches. A mirror is a cache: it
// may be deleted at any time. All calls block; errors are texts for people (what git was asked, of
// which repository, its own last words).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/git/command.h"

namespace seaworthy::git {

// One spelling per repository, so that watcher, hooks and people mean the same: an existing local
// path becomes absolute, with links resolved and without a trailing "/.git"; a URL only loses
// trailing slashes.
std::string canonical_repository(std::string_view path_or_url);

// "my-project" of "https://example.org/my-project.git", for people.
std::string short_name(std::string_view repository);

// Whether `text` can be a full object id: 40 or 64 lower-case hex digits.
bool is_object_id(std::string_view text);

class Mirror {
 public:
  // Creates the mirror on first use, without contacting the repository. `repository` is canonical.
  static Result<Mirror> open(const std::filesystem::path& mirrors, const std::string& repository);

  // Where open() has it, or would make it.
  static std::filesystem::path directory_of(const std::filesystem::path& mirrors,
                                            const std::string& repository);

  // Fetches what these ref globs match ("refs/heads/*") and drops refs that are gone there. Old
  // objects stay. The limits hold for each call of git, and for waiting for another process that
  // fetches into this mirror.
  Result<Done> fetch(const std::vector<std::string>& ref_globs, const GitLimits& limits = {}) const;
  // fetch() and refs() in one, while no other process can make the mirror anew: a ref that is not
  // in the answer is gone.
  Result<std::map<std::string, std::string>> look(const std::vector<std::string>& ref_globs,
                                                  const GitLimits& limits = {}) const;
  // Makes sure that `revision` is present: nothing if it is, else by `ref`, else by all heads, else
  // by its id, which some servers allow.
  Result<Done> fetch_revision(const std::string& revision, const std::string& ref,
                              const GitLimits& limits = {}) const;
  bool has(const std::string& revision) const;

  // All refs of the mirror that match, with the commit each points to (tags peeled).
  Result<std::map<std::string, std::string>> refs(const std::vector<std::string>& ref_globs) const;
  // A name, tag, or abbreviated id, to a full commit id. "HEAD" is asked of the repository itself.
  Result<std::string> resolve(const std::string& revision) const;
  // The ref that HEAD names in the repository itself, asked of it; nothing if it names none.
  std::optional<std::string> default_branch(const GitLimits& limits = {}) const;

  // For a git that reads: it finds what the repository itself has, too, where that is a directory
  // of this machine, and before it was fetched.
  std::vector<std::string> environment_for_reading() const;

  const std::filesystem::path& directory() const { return directory_; }
  const std::string& repository() const { return repository_; }

 private:
  Mirror(std::filesystem::path directory, std::string repository);
  // One `git fetch`, under the lock that the caller holds; a mirror that turns out to be damaged is
  // made anew, and it is repeated.
  Result<Done> fetch_specs(const std::vector<std::string>& refspecs, bool prune,
                           const GitLimits& limits) const;
  std::filesystem::path directory_;
  std::string repository_;
};

}  // namespace seaworthy::git
