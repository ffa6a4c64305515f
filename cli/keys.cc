#include "cli/keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/connection.h"
#include "cli/hook_script.h"
#include "cli/render/table.h"
#include "cli/render/text.h"
#include "shared/io/authorized.h"
#include "shared/io/clock.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

fs::path broker_file(const fs::path& directory) { return directory / "broker.key"; }

std::string note(const char* what) {
  return std::string(what) + " " + render::date_time(io::wall_now());
}

auto find(std::vector<io::AuthorizedKey>& keys, const std::string& name) {
  return std::find_if(keys.begin(), keys.end(),
                      [&](const io::AuthorizedKey& key) { return key.name == name; });
}

Result<Done> make_broker_key(const fs::path& directory, Screen& screen) {
  const fs::path file = broker_file(directory);
  if (fs::exists(file)) {
    screen.line("kept  " + file.string());
    return Done{};
  }
  auto written = io::write_secret_file(file, io::line_of_broker(io::make_secret_key()) + "\n");
  if (written) screen.line("made  " + file.string());
  return written;
}

// A role whose file is gone gets a new key, and its old one is not let in any more.
Result<Done> make_role_key(const fs::path& directory, Role role, const io::PublicKey& server,
                           Screen& screen) {
  const std::string name(to_string(role));
  const fs::path file = directory / (name + ".key");
  if (fs::exists(file)) {
    screen.line("kept  " + file.string());
    return Done{};
  }
  const io::Key key{role, name, server, io::make_secret_key(), {}};
  bool had_one = false;
  auto authorized =
      io::change_authorized(directory, [&](std::vector<io::AuthorizedKey>& keys) -> Result<bool> {
        if (auto old = find(keys, name); old != keys.end()) keys.erase(old), had_one = true;
        keys.push_back({role, name, public_key_of(key.secret), note("made")});
        return true;
      });
  if (!authorized) return authorized;
  auto written = io::write_secret_file(file, line_of(key) + "\n");
  if (written)
    screen.line("made  " + file.string() +
                (had_one ? "; the " + name + "'s old key is not let in any more" : ""));
  return written;
}

}  // namespace

Ended keygen(const KeysOptions& options, Screen& screen) {
  std::error_code error;
  const bool made = fs::create_directories(options.directory, error);
  if (made) fs::permissions(options.directory, fs::perms::owner_all, error);
  if (auto broker = make_broker_key(options.directory, screen); !broker)
    return Unexpected{broker.error()};
  auto secret = io::read_broker_key(broker_file(options.directory));
  if (!secret) return Unexpected{secret.error()};
  for (const auto& [role, word] : kRoles)
    if (auto key = make_role_key(options.directory, role, public_key_of(*secret), screen); !key)
      return Unexpected{key.error()};
  const std::string directory = shell_word(options.directory.string());
  screen.explain("\nThe broker lets in only those keys when it is started with --keys " +
                 directory + ". On this machine:\n  export SEAWORTHY_KEY=" + directory +
                 "/admin.key\nFor another machine: seaworthy invite worker NAME --broker "
                 "tcp://THIS-MACHINE:8888\n");
  return ExitCode::Passed;
}

Ended invite(const KeysOptions& options, Screen& screen) {
  const auto role = parse_role(options.role);
  if (!role)
    return Unexpected{"cannot invite a '" + options.role +
                      "': the roles are worker, client, watcher, reporter and admin"};
  if (!io::is_key_name(options.name))
    return Unexpected{"cannot call a key '" + options.name +
                      "': a name has up to 64 letters, digits, '.', '_' and '-'"};
  auto endpoints = parse_endpoints(options.broker);
  if (!endpoints) return Unexpected{endpoints.error()};
  auto server = io::read_broker_key(broker_file(options.directory));
  if (!server) return Unexpected{server.error()};
  const io::Key key{*role, options.name, public_key_of(*server), io::make_secret_key(), *endpoints};
  auto authorized = io::change_authorized(
      options.directory, [&](std::vector<io::AuthorizedKey>& keys) -> Result<bool> {
        if (find(keys, options.name) != keys.end())
          return Unexpected{"there is a key called " + options.name +
                            " already: choose another name, or `seaworthy keys revoke " +
                            options.name + "` first"};
        keys.push_back({*role, options.name, public_key_of(key.secret), note("invited")});
        return true;
      });
  if (!authorized) return Unexpected{authorized.error()};
  screen.line(line_of(key));
  screen.explain(
      *role == Role::Worker
          ? "\nThe line is secret, and printed only now. On the other machine:\n  seaworthy-worker "
            "--join LINE     or, so that nobody sees it among the processes:\n  seaworthy-worker "
            "--join -        and paste it there\n"
          : "\nThe line is secret, and printed only now. Keep it in a file that only its user "
            "reads "
            "(chmod 600),\nand name that with --key or SEAWORTHY_KEY.\n");
  return ExitCode::Passed;
}

Ended list_keys(const KeysOptions& options, Screen& screen) {
  auto keys = io::read_authorized(options.directory);
  if (!keys) return Unexpected{keys.error()};
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const io::AuthorizedKey& key : *keys)
      list.push_back({{"name", key.name},
                      {"role", std::string(to_string(key.role))},
                      {"public_key", to_hex(key.key)},
                      {"note", key.note}});
    screen.line(list.dump(2));
    return ExitCode::Passed;
  }
  render::Table table({"name", "role", "public key", "note"});
  for (const io::AuthorizedKey& key : *keys)
    table.add({{key.name}, {std::string(to_string(key.role))}, {to_hex(key.key)}, {key.note}});
  screen.out(table.text(screen.style()));
  return ExitCode::Passed;
}

Ended revoke_key(const KeysOptions& options, Screen& screen) {
  if (auto there = io::read_authorized(options.directory); !there) return Unexpected{there.error()};
  auto changed = io::change_authorized(
      options.directory, [&](std::vector<io::AuthorizedKey>& keys) -> Result<bool> {
        auto found = find(keys, options.name);
        if (found == keys.end())
          return Unexpected{"there is no key called " + options.name +
                            ": `seaworthy keys list` names them"};
        keys.erase(found);
        return true;
      });
  if (!changed) return Unexpected{changed.error()};
  screen.line("revoked " + options.name +
              ": a broker that runs with these keys has ended its connections");
  return ExitCode::Passed;
}

}  // namespace seaworthy::cli
