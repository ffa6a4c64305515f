// token create, list and revoke: who is let in by the reporter's pages and API. They work on the
// list of tokens, on the reporter's machine; a reporter that runs follows.
#pragma once

#include <filesystem>
#include <string>

#include "cli/outcome.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct TokensOptions {
  std::filesystem::path directory;  // of the list
  std::string role;
  std::string name;  // empty: as the role
  bool json = false;
};

// Prints a new token on one line; it is nowhere else.
Ended create_token(const TokensOptions& options, Screen& screen);
Ended list_tokens(const TokensOptions& options, Screen& screen);
Ended revoke_token(const TokensOptions& options, Screen& screen);

}  // namespace seaworthy::cli
