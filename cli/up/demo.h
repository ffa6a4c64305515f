// The demonstration repository of `seaworthy up`: a small Python program with unit tests, which
// pass on the branch main and fail on the branch broken.
#pragma once

#include <filesystem>

#include "shared/base/result.h"

namespace seaworthy::cli {

// Makes it if it is not there. Commits in it need no identity of the user's.
Result<Done> make_demonstration(const std::filesystem::path& directory);

}  // namespace seaworthy::cli
