// Workspace is a fresh directory with one revision checked out in it, made without a clone: its
// .git is real but small, and borrows all objects from the mirror (git::Mirror), which must stay as
// long as the workspace, and from the repository itself where that is a directory of this machine.
// Mostly one git is enough: make_workspace(), then git with populate_arguments(). What it leaves
// undone complete_workspace() does, which blocks and runs git: the leader calls it in a child
// process of its own. Errors are texts with git's own words.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace seaworthy::worker {

struct Revision {
  std::string repository;  // path or URL that git understands
  std::string ref;         // where the revision was seen; for servers that give no single commits
  std::string id;          // 40 or 64 hex digits
};

// Writes files, and waits for nothing else. `workspace` must not exist.
Result<Done> make_workspace(const std::filesystem::path& mirrors, const Revision& revision,
                            const std::filesystem::path& workspace);

// git's command line, for the directory of the workspace, and what is added to its environment. It
// fails if the revision is not here yet.
std::vector<std::string> populate_arguments(const Revision& revision);
std::vector<std::string> populate_environment();

// Of a workspace that is populated: whether it has neither submodules nor LFS files.
bool is_complete(const std::filesystem::path& workspace);

// Fetches the revision into its mirror and populates the workspace, if that `is_populated` not yet;
// then gets submodules and LFS objects where the revision uses them. The value is what people
// should know about it (LFS is not installed), mostly empty.
Result<std::string> complete_workspace(const std::filesystem::path& mirrors,
                                       const Revision& revision,
                                       const std::filesystem::path& workspace, bool is_populated);

// Removes it whole, directories that the job made read-only included. True if nothing is left.
bool remove_tree(const std::filesystem::path& directory);

}  // namespace seaworthy::worker
