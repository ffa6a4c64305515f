// A list of who is let in is believed only if nobody else can have written it: the file, and the
// folder it lies in, belong to root or to who reads them, and others may not write there.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "shared/base/result.h"

namespace seaworthy::io {

// Nothing where there is none. `what`: for errors, "who is let in".
Result<std::optional<std::string>> read_owned_file(const std::filesystem::path& file,
                                                   const std::string& what);

// Hands the text to `change` (empty where there is no file) and writes what comes back, if
// something does: as a whole, with nobody else in between. Makes the folder. `option`: that names
// another place, for errors.
Result<Done> change_owned_file(
    const std::filesystem::path& file, const std::string& what, const std::string& option,
    const std::function<Result<std::optional<std::string>>(const std::string&)>& change);

}  // namespace seaworthy::io
