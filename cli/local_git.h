// Questions to the git program about a repository on this machine, for hooks and the demonstration:
// things that a mirror (shared/git) does not have. Blocks.
#pragma once

#include <string>
#include <vector>

#include "shared/base/result.h"

namespace seaworthy::cli {

// What `git -C DIRECTORY words…` printed, without the last newlines; the error is git's own first
// line. Variables that would name another repository (a hook of git's sets them) are removed.
Result<std::string> ask_git(const std::string& directory, const std::vector<std::string>& words);

}  // namespace seaworthy::cli
