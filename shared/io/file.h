// Reading a whole file. Not std::ifstream with its buffer's iterator: that throws when a read
// fails, as it does on a directory, a bad disk, or in /proc when the process ends meanwhile.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"

namespace seaworthy::io {

// The error says which file and why.
Result<std::string> read_file(const std::filesystem::path& file);
// The rest of what the descriptor reads; `name`: for the error.
Result<std::string> read_all(int fd, const std::string& name);

}  // namespace seaworthy::io
