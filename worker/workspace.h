// Workspace is a fresh directory with one revision checked out in it, made without a clone: its
// .git is real but small, and borrows all objects from the mirror (git::Mirror), which must stay as
// long as the workspace. Blocks, and runs git; the leader calls check_out in a child process of its
// own. Errors are texts with git's own words.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"

namespace seaworthy::worker {

struct Revision {
  std::string repository;  // path or URL that git understands
  std::string ref;         // where the revision was seen; for servers that give no single commits
  std::string id;          // 40 or 64 hex digits
};

// Fetches the revision into its mirror if it is not there yet, and checks it out into `workspace`,
// which must not exist. Submodules and LFS objects only where the revision uses them. The value is
// what people should know about it (LFS is not installed), mostly empty.
Result<std::string> check_out(const std::filesystem::path& mirrors, const Revision& revision,
                              const std::filesystem::path& workspace);

// Removes it whole, directories that the job made read-only included. True if nothing is left.
bool remove_tree(const std::filesystem::path& directory);

}  // namespace seaworthy::worker
