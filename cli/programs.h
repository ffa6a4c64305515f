// Where the other programs are: beside this binary, else on PATH, as git finds its own. And the
// shim that ties a child's life to its parent's.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/outcome.h"

namespace seaworthy::cli {

// The file of this process; empty if /proc does not say.
std::filesystem::path this_binary();

// "seaworthy-broker" -> its path beside this binary if there is one, else the name, for PATH.
std::string find_program(const std::string& name);

// What people type to run this program: "seaworthy" if that finds it, else its path.
std::string typed_name();

// broker, worker, watcher, fsck: what `seaworthy NAME …` hands over to.
bool is_program(std::string_view name);

// Becomes `seaworthy-NAME arguments…`. Returns only the reason why it could not.
Ended become_program(const std::string& name, const std::vector<std::string>& arguments);

// `seaworthy supervised PARENT PROGRAM ARGUMENTS…`: asks the kernel for SIGTERM when the parent
// dies, makes sure that it has not died meanwhile, and becomes the program. posix_spawn cannot do
// that by itself. Hidden; for `seaworthy up`.
Ended become_supervised(const std::vector<std::string>& arguments);

}  // namespace seaworthy::cli
