#include "cli/tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/hook_script.h"
#include "cli/render/table.h"
#include "cli/render/text.h"
#include "shared/io/clock.h"
#include "shared/io/keys.h"
#include "shared/io/tokens.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

fs::path list_in(const fs::path& directory) { return directory / "tokens"; }

auto find(std::vector<io::Token>& tokens, const std::string& name) {
  return std::find_if(tokens.begin(), tokens.end(),
                      [&](const io::Token& token) { return token.name == name; });
}

}  // namespace

Ended create_token(const TokensOptions& options, Screen& screen) {
  const auto access = parse_access(options.role);
  if (!access)
    return Unexpected{"cannot make a token for a '" + options.role +
                      "': the roles are viewer, operator and admin"};
  const std::string name = options.name.empty() ? options.role : options.name;
  if (!io::is_key_name(name))
    return Unexpected{"cannot call a token '" + name +
                      "': a name has up to 64 letters, digits, '.', '_' and '-'"};
  const std::string token = io::make_token();
  auto changed = io::change_tokens(
      list_in(options.directory), [&](std::vector<io::Token>& tokens) -> Result<bool> {
        if (find(tokens, name) != tokens.end())
          return Unexpected{"there is a token called " + name +
                            " already: choose another name with --name, or `seaworthy token "
                            "revoke " +
                            name + "` first"};
        tokens.push_back(
            {*access, name, io::digest_of(token), "made " + render::date_time(io::wall_now())});
        return true;
      });
  if (!changed) return Unexpected{changed.error()};
  screen.line(token);
  screen.explain(
      "\nThe token is secret, and printed only now: for the form at /sign-in, or for "
      "scripts as\n  Authorization: Bearer TOKEN\nA reporter lets it in when it runs "
      "with\n  --tokens " +
      shell_word(list_in(options.directory).string()) + "\n");
  return ExitCode::Passed;
}

Ended list_tokens(const TokensOptions& options, Screen& screen) {
  auto tokens = io::read_tokens(list_in(options.directory));
  if (!tokens) return Unexpected{tokens.error()};
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const io::Token& token : *tokens)
      list.push_back({{"name", token.name},
                      {"role", std::string(to_string(token.access))},
                      {"note", token.note}});
    screen.line(list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return ExitCode::Passed;
  }
  render::Table table({"name", "role", "note"});
  for (const io::Token& token : *tokens)
    table.add(
        {{token.name}, {std::string(to_string(token.access))}, {render::printable(token.note)}});
  screen.out(table.text(screen.style()));
  return ExitCode::Passed;
}

Ended revoke_token(const TokensOptions& options, Screen& screen) {
  if (auto there = io::read_tokens(list_in(options.directory)); !there)
    return Unexpected{there.error()};
  auto changed = io::change_tokens(
      list_in(options.directory), [&](std::vector<io::Token>& tokens) -> Result<bool> {
        const auto found = find(tokens, options.name);
        if (found == tokens.end())
          return Unexpected{"there is no token called " + options.name +
                            ": `seaworthy token list` names them"};
        tokens.erase(found);
        return true;
      });
  if (!changed) return Unexpected{changed.error()};
  screen.line("revoked " + options.name +
              ": a reporter that runs with this list has signed its holder out");
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
