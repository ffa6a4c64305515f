// new_revisions answers which commits a push brought: those reachable from its tip and from nothing
// that was submitted before. A force push is no special case of it. Blocks; see mirror.h for
// errors.
#pragma once

#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/git/mirror.h"

namespace seaworthy::git {

// Newest first, children before their parents. Commits of `submitted` that the mirror does not have
// (history was rewritten and this machine never saw the old one) are left out; if none is left, all
// that can be said is the tip itself.
Result<std::vector<std::string>> new_revisions(const Mirror& mirror, const std::string& tip,
                                               const std::vector<std::string>& submitted,
                                               const GitLimits& limits = {});

}  // namespace seaworthy::git
