// Authorized is the list of those a broker lets in: DIR/authorized, a line each, to be read and
// edited by people as well:
//
//   worker anna 5a3e…64 hex digits…   # 2026-11-21, may say anything
//
// Names are unique. `seaworthy invite` and `keys revoke` write it; the broker follows it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/keys.h"

namespace seaworthy::io {

struct AuthorizedKey {
  Role role = Role::Client;
  std::string name;
  PublicKey key;
  std::string note;  // behind the #
  bool operator==(const AuthorizedKey&) const = default;
};

// The error names the line.
Result<std::vector<AuthorizedKey>> parse_authorized(std::string_view text);

std::filesystem::path authorized_file(const std::filesystem::path& directory);
// A missing file is an error, and so is one, or a directory, that others may write.
Result<std::vector<AuthorizedKey>> read_authorized(const std::filesystem::path& directory);

// Reads the list, lets `change` alter it, and writes it if that says true: as a whole, with nobody
// else in between; comments stay. A missing file is an empty list.
Result<Done> change_authorized(
    const std::filesystem::path& directory,
    const std::function<Result<bool>(std::vector<AuthorizedKey>&)>& change);

}  // namespace seaworthy::io
