#include "shared/io/tokens.h"

#include <array>
#include <optional>
#include <set>
#include <sstream>

#include "shared/base/text.h"
#include "shared/io/clock.h"
#include "shared/io/keys.h"
#include "shared/io/owned_file.h"
#include "shared/io/sha256.h"
#include "shared/model/limits.h"

namespace seaworthy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTokensHead =
    "# Who is let in by the reporter: what they may do, name, SHA-256 of the token. Written by\n"
    "# `seaworthy token`; the reporter follows changes at once.\n";
constexpr const char* kWhatTokens = "who is let in";
constexpr size_t kDigits = 64;

using Bytes = std::array<uint8_t, 32>;

bool is_digest(std::string_view text) {
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Token> parse_token(const std::string& line) {
  const size_t hash = line.find('#');
  std::istringstream words(line.substr(0, hash));
  std::string access, more;
  Token token;
  words >> access >> token.name >> token.digest;
  const auto parsed = parse_access(access);
  if (!parsed || !is_key_name(token.name) || !is_digest(token.digest) || words >> more)
    return Unexpected{std::string(
        "it is not ROLE NAME SHA-256 (role: viewer, operator or admin; 64 hex digits)")};
  token.access = *parsed;
  if (hash != std::string::npos) {
    const size_t begin = line.find_first_not_of(" \t", hash + 1);
    if (begin != std::string::npos) token.note = line.substr(begin);
  }
  return token;
}

std::string text_of(const std::vector<Token>& tokens) {
  std::string text(kTokensHead);
  for (const Token& token : tokens)
    text += std::string(to_string(token.access)) + " " + token.name + " " + token.digest +
            (token.note.empty() ? "" : " # " + token.note) + "\n";
  return text;
}

Result<std::vector<Token>> tokens_of(const fs::path& file, std::string_view text) {
  auto tokens = parse_tokens(text);
  if (tokens) return tokens;
  return Unexpected{"cannot use " + file.string() + ": " + tokens.error()};
}

}  // namespace

std::string make_token() {
  Bytes bytes;
  fill_random(bytes.data(), bytes.size());
  return "swt_" + hex_of(bytes);
}

std::string digest_of(std::string_view text) {
  Sha256 digest;
  digest.add(text);
  return digest.hex();
}

Result<std::vector<Token>> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  std::istringstream lines{std::string(text)};
  std::set<std::string> known;
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const std::string where = "line " + std::to_string(number) + ": ";
    auto token = parse_token(line);
    if (!token) return Unexpected{where + token.error()};
    if (!known.insert(token->name).second || !known.insert("#" + token->digest).second)
      return Unexpected{where + "the name or the token of " + token->name + " is there already"};
    if (tokens.size() == limits::kTokens)
      return Unexpected{where + "there are more than " + std::to_string(limits::kTokens) +
                        " tokens: revoke some"};
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

Result<std::vector<Token>> read_tokens(const fs::path& file) {
  auto text = read_owned_file(file, kWhatTokens);
  if (!text) return Unexpected{text.error()};
  if (!*text)
    return Unexpected{"there is no list of tokens at " + file.string() +
                      ": `seaworthy token create --role viewer --dir " +
                      (file.has_parent_path() ? file.parent_path().string() : ".") + "` makes it"};
  return tokens_of(file, **text);
}

Result<Done> change_tokens(const fs::path& file,
                           const std::function<Result<bool>(std::vector<Token>&)>& change) {
  return change_owned_file(file, kWhatTokens, "--dir",
                           [&](const std::string& there) -> Result<std::optional<std::string>> {
                             auto tokens = tokens_of(file, there);
                             if (!tokens) return Unexpected{tokens.error()};
                             auto changed = change(*tokens);
                             if (!changed) return Unexpected{changed.error()};
                             return *changed ? std::optional(text_of(*tokens))
                                             : std::optional<std::string>();
                           });
}

}  // namespace seaworthy::io
