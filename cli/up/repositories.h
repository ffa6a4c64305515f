// What `seaworthy up REPO` checks before it starts anything.
#pragma once

#include <string>

#include "shared/base/result.h"

namespace seaworthy::cli {

// The canonical text, or why that cannot be a repository. A URL is not contacted: it may be away
// for now.
Result<std::string> check_repository(const std::string& path_or_url);

}  // namespace seaworthy::cli
