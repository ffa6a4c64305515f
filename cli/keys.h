// keygen, invite, keys list and keys revoke: who may do what at a broker. They work on the broker's
// directory of keys, on its machine; a broker that runs follows.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/outcome.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct KeysOptions {
  std::filesystem::path directory;
  std::string role;
  std::string name;
  std::string broker;  // where the invited reaches it; several with commas between
  bool json = false;
};

// The broker's key pair and one of each role, named like it. What is there stays.
Ended keygen(const KeysOptions& options, Screen& screen);
// Prints a new key on one line; it is nowhere else.
Ended invite(const KeysOptions& options, Screen& screen);
Ended list_keys(const KeysOptions& options, Screen& screen);
Ended revoke_key(const KeysOptions& options, Screen& screen);

}  // namespace seaworthy::cli
