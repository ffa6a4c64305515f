// Where things are kept on this machine when nobody says otherwise, and the lock that keeps two
// processes from one directory.
#pragma once

#include <filesystem>

#include "shared/base/result.h"
#include "shared/io/fd.h"

namespace seaworthy::io {

// $XDG_STATE_HOME/seaworthy, or ~/.local/state/seaworthy.
std::filesystem::path default_state_directory();

// Creates `directory` and takes DIR/lock for this process's life; the error names the process that
// holds it.
Result<Fd> lock_directory(const std::filesystem::path& directory);

}  // namespace seaworthy::io
