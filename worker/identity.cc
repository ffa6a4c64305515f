#include "worker/identity.h"

#include <spdlog/spdlog.h>

#include <iostream>

namespace seaworthy::worker {
namespace {

constexpr const char* kThisMachine = "tcp://127.0.0.1:8888";

Result<std::optional<io::Key>> key_of(const IdentityOptions& options) {
  if (!options.join.empty()) {
    std::string line = options.join;
    if (line == "-") std::getline(std::cin, line);
    auto key = io::parse_key(line);
    if (!key) return Unexpected{"cannot join: " + key.error()};
    return std::optional(std::move(*key));
  }
  const bool has_joined =
      options.key_file.empty() && options.brokers.empty() && std::filesystem::exists(options.kept);
  if (options.key_file.empty() && !has_joined) return std::optional<io::Key>();
  auto key = io::read_key(has_joined ? options.kept : std::filesystem::path(options.key_file));
  if (!key) return Unexpected{key.error()};
  return std::optional(std::move(*key));
}

}  // namespace

Result<Identity> identity_of(const IdentityOptions& options) {
  auto key = key_of(options);
  if (!key) return Unexpected{key.error()};
  Identity identity{options.brokers, std::move(*key),
                    options.join.empty() && !options.key_file.empty()
                        ? std::filesystem::absolute(options.key_file)
                        : options.kept};
  if (identity.key && identity.key->role != Role::Worker)
    return Unexpected{"the key " + identity.key->name + " is one of a " +
                      std::string(to_string(identity.key->role)) +
                      ": a worker needs one of its own, as `seaworthy invite worker NAME` prints"};
  if (identity.brokers.empty() && identity.key) identity.brokers = identity.key->endpoints;
  if (identity.brokers.empty()) identity.brokers = {kThisMachine};
  if (auto wrong = io::what_is_wrong(identity.brokers, identity.key, options.insecure);
      !wrong.empty())
    return Unexpected{wrong + (std::filesystem::exists(options.kept)
                                   ? "; this worker has joined: its key is " + options.kept.string()
                                   : "")};
  if (!options.join.empty()) {  // last, because it replaces the key that was there
    if (auto kept = io::write_secret_file(options.kept, line_of(*identity.key) + "\n"); !kept)
      return Unexpected{"cannot join: " + kept.error()};
    spdlog::info("joined as {}: its key is kept in {}, --join is not needed again",
                 identity.key->name, options.kept.string());
  }
  if (!identity.key && options.insecure)
    spdlog::warn(
        "INSECURE: nothing is encrypted on the way to {}, and anybody can pretend to be it",
        identity.brokers.front());
  return identity;
}

std::string name_with_key(const std::optional<io::Key>& key, const std::string& name) {
  return key ? key->name + "/" + name : name;
}

}  // namespace seaworthy::worker
