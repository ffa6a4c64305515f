// Tokens let people and their scripts in at the reporter. A token is 256 random bits, printed once:
//
//   swt_5a3e…64 hex digits…
//
// The list of those let in has only their SHA-256, a line each, to be read and edited by people as
// well; random bits need no slow hash:
//
//   operator anna 0f9c…64 hex digits…   # made 2026-11-21
//
// Names are unique. `seaworthy token` writes the list; the reporter follows it. Errors are texts
// for people; tokens are never in them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/model/access.h"

namespace seaworthy::io {

struct Token {
  Access access = Access::Viewer;
  std::string name;
  std::string digest;  // hex
  std::string note;    // behind the #
  bool operator==(const Token&) const = default;
};

std::string make_token();
// SHA-256, in hex.
std::string digest_of(std::string_view text);

// The error names the line.
Result<std::vector<Token>> parse_tokens(std::string_view text);
// A missing file is an error, and so is one, or a directory, that others may write.
Result<std::vector<Token>> read_tokens(const std::filesystem::path& file);

// Reads the list, lets `change` alter it, and writes it if that says true: as a whole, with nobody
// else in between. A missing file is an empty list. Comments of
// people do not stay.
Result<Done> change_tokens(const std::filesystem::path& file,
                           const std::function<Result<bool>(std::vector<Token>&)>& change);

}  // namespace seaworthy::io
