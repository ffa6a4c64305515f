// Names that mirrors are made from: the directory of a repository's mirror, and ref globs. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace seaworthy::git {

// "project-0123456789abcdef01234567.git": readable, and unique for the canonical repository.
std::string mirror_name(std::string_view repository);

// A path of this machine, rather than a URL or "host:path".
bool is_local_path(std::string_view repository);

// A ref glob is a full ref name, or one with a single *, which stands for any characters,
// slashes included, as in git's refspecs.
Result<Done> check_ref_glob(std::string_view glob);
bool matches_ref_glob(std::string_view glob, std::string_view ref);

}  // namespace seaworthy::git
