// Keys of CURVE (libzmq's elliptic-curve security): who is who on the network. A key is one line of
// text, in a file that nobody else may read, or pasted:
//
//   sw1:worker:anna:SERVER:SECRET@tcp://broker.example.org:8888
//
// role, name, the broker's public key and the holder's secret one, in hex; and, where it is known,
// where the broker listens, several with commas between. The broker's own says "broker" and has no
// SERVER. Public keys follow from secret ones. Errors are texts for people; secrets are never in
// them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/model/role.h"

namespace seaworthy::io {

using KeyBytes = std::array<uint8_t, 32>;

struct PublicKey {
  KeyBytes bytes{};
  auto operator<=>(const PublicKey&) const = default;
};

struct SecretKey {
  KeyBytes bytes{};
  bool operator==(const SecretKey&) const = default;
};

std::string to_hex(const PublicKey& key);
std::optional<PublicKey> parse_public_key(std::string_view hex);

SecretKey make_secret_key();
PublicKey public_key_of(const SecretKey& secret);

// What somebody needs who connects.
struct Key {
  Role role = Role::Client;
  std::string name;
  PublicKey server;
  SecretKey secret;
  std::vector<std::string> endpoints;  // of the broker; may be empty
};

// 1 to 64 of a-z, A-Z, 0-9, '.', '_' and '-', and no word that begins with '-' or '.'.
bool is_key_name(std::string_view name);

std::string line_of(const Key& key);
Result<Key> parse_key(std::string_view line);
std::string line_of_broker(const SecretKey& secret);

// Refused: files that others than their owner may read.
Result<Key> read_key(const std::filesystem::path& file);
Result<SecretKey> read_broker_key(const std::filesystem::path& file);
// Mode 0600; the file appears as a whole. It replaces what is there.
Result<Done> write_secret_file(const std::filesystem::path& file, std::string_view text);

// Whether it has the form of one: tcp://HOST:PORT, ipc://PATH or inproc://NAME.
bool is_endpoint(std::string_view text);
// Whether only this machine reaches the endpoint: tcp on a loopback address, ipc, inproc.
bool is_local(std::string_view endpoint);

// For those who connect, before they do: what is wrong with going to these endpoints with this key,
// or without one. Empty: nothing.
std::string what_is_wrong(const std::vector<std::string>& endpoints, const std::optional<Key>& key,
                          bool insecure);

}  // namespace seaworthy::io
