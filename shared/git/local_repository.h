// A repository that is a directory of this machine: what git keeps there can be read where it lies,
// before it was fetched. Texts and a look at the disk; never fails.
#pragma once

#include <filesystem>
#include <string>

namespace seaworthy::git {

// Of a bare one it is the repository itself.
std::filesystem::path git_directory_of(const std::string& repository);

// Where its objects lie, for the list of other places that git reads objects from; empty if
// `repository` is none of this machine, or not one that this is known of.
std::filesystem::path objects_of(const std::string& repository);

}  // namespace seaworthy::git
