// Identity is who a worker is to its broker: the key it proves to hold, and where that broker is. A
// worker that has joined once keeps its key in a file of its own and needs no line any more.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/keys.h"

namespace seaworthy::worker {

struct IdentityOptions {
  std::vector<std::string> brokers;  // as told; none: as the key says, else this machine's
  std::string join;                  // a key in one line; "-": read from stdin
  std::string key_file;
  bool insecure = false;
  std::filesystem::path kept;  // where a worker that joins keeps its key
};

struct Identity {
  std::vector<std::string> brokers;
  std::optional<io::Key> key;
  std::filesystem::path key_file;  // where it is, if there is one
};

// The error is for people.
Result<Identity> identity_of(const IdentityOptions& options);

// What a worker is called that was told no name: with a key its name begins with the key's.
std::string name_with_key(const std::optional<io::Key>& key, const std::string& name);

}  // namespace seaworthy::worker
