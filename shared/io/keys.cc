#include "shared/io/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

#include "shared/base/text.h"
#include "shared/io/fd.h"

namespace seaworthy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "sw1";
constexpr size_t kZ85Bytes = 41;  // 40 and the zero that libzmq wants
constexpr size_t kLongestLine = 4096;

std::optional<KeyBytes> bytes_of(std::string_view hex) {
  KeyBytes bytes{};
  if (hex.size() != 2 * bytes.size()) return std::nullopt;
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | digit);
  }
  return bytes;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t from = 0;;) {
    const size_t next = text.find(at, from);
    parts.push_back(text.substr(from, next - from));
    if (next == std::string_view::npos) return parts;
    from = next + 1;
  }
}

Result<std::string> read_secret_file(const fs::path& file) {
  Fd in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in)
    return Unexpected{errno_text("cannot read the key in " + file.string()) +
                      ": `seaworthy keygen` makes keys on the broker's machine, `seaworthy invite` "
                      "one for another"};
  struct stat about {};
  if (fstat(in.get(), &about) != 0)
    return Unexpected{errno_text("cannot look at " + file.string())};
  if (!S_ISREG(about.st_mode)) return Unexpected{file.string() + " is no file with a key"};
  if ((about.st_mode & 077) != 0)
    return Unexpected{"refused the key in " + file.string() +
                      ": others than its owner may read or write it, so it may be theirs by now; "
                      "chmod 600 it if you trust them, else make a new one"};
  std::string text(kLongestLine, '\0');
  const ssize_t count = read(in.get(), text.data(), text.size());
  if (count < 0) return Unexpected{errno_text("cannot read " + file.string())};
  text.resize(static_cast<size_t>(count));
  return text;
}

}  // namespace

std::string to_hex(const PublicKey& key) { return hex_of(key.bytes); }

std::optional<PublicKey> parse_public_key(std::string_view hex) {
  const auto bytes = bytes_of(hex);
  if (!bytes) return std::nullopt;
  return PublicKey{*bytes};
}

SecretKey make_secret_key() {
  char public_text[kZ85Bytes], secret_text[kZ85Bytes];
  SecretKey secret;
  if (zmq_curve_keypair(public_text, secret_text) != 0 ||
      zmq_z85_decode(secret.bytes.data(), secret_text) == nullptr)
    throw std::runtime_error("this libzmq has no CURVE: keys cannot be made with it");
  return secret;
}

PublicKey public_key_of(const SecretKey& secret) {
  char public_text[kZ85Bytes], secret_text[kZ85Bytes];
  PublicKey key;
  if (zmq_z85_encode(secret_text, secret.bytes.data(), secret.bytes.size()) == nullptr ||
      zmq_curve_public(public_text, secret_text) != 0 ||
      zmq_z85_decode(key.bytes.data(), public_text) == nullptr)
    throw std::runtime_error("this libzmq has no CURVE: keys cannot be used with it");
  return key;
}

bool is_key_name(std::string_view name) {
  constexpr size_t kLongest = 64;
  constexpr std::string_view kGood =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kLongest && name.front() != '-' && name.front() != '.' &&
         name.find_first_not_of(kGood) == std::string_view::npos;
}

std::string line_of(const Key& key) {
  std::string line = std::string(kFormat) + ":" + std::string(to_string(key.role)) + ":" +
                     key.name + ":" + hex_of(key.server.bytes) + ":" + hex_of(key.secret.bytes);
  for (size_t i = 0; i < key.endpoints.size(); ++i) line += (i == 0 ? "@" : ",") + key.endpoints[i];
  return line;
}

std::string line_of_broker(const SecretKey& secret) {
  return std::string(kFormat) + ":broker:broker::" + hex_of(secret.bytes);
}

Result<Key> parse_key(std::string_view line) {
  const Unexpected<std::string> wrong{
      "this is no key: one looks like sw1:worker:NAME:…:…@tcp://HOST:8888, on one line, as "
      "`seaworthy invite` prints it; was a part of it lost?"};
  line = trimmed(line);
  const size_t at = line.find('@');
  const auto parts = split(line.substr(0, at), ':');
  if (parts.size() != 5) return wrong;
  if (parts[0] != kFormat) return wrong;
  if (parts[1] == "broker")
    return Unexpected{
        std::string("this is the broker's own key: others need one of theirs, as "
                    "`seaworthy invite` prints it")};
  const auto role = parse_role(parts[1]);
  const auto server = bytes_of(parts[3]), secret = bytes_of(parts[4]);
  if (!role || !is_key_name(parts[2]) || !server || !secret) return wrong;
  Key key{*role, std::string(parts[2]), {*server}, {*secret}, {}};
  if (at != std::string_view::npos)
    for (std::string_view endpoint : split(line.substr(at + 1), ','))
      if (!trimmed(endpoint).empty()) key.endpoints.emplace_back(trimmed(endpoint));
  return key;
}

Result<Key> read_key(const fs::path& file) {
  auto text = read_secret_file(file);
  if (!text) return Unexpected{text.error()};
  auto key = parse_key(*text);
  if (!key) return Unexpected{"cannot use " + file.string() + ": " + key.error()};
  return key;
}

Result<SecretKey> read_broker_key(const fs::path& file) {
  auto text = read_secret_file(file);
  if (!text) return Unexpected{text.error()};
  const auto parts = split(trimmed(*text), ':');
  const auto secret = parts.size() == 5 ? bytes_of(parts[4]) : std::nullopt;
  if (!secret || parts[0] != kFormat || parts[1] != "broker")
    return Unexpected{"cannot use " + file.string() +
                      ": it is no key of a broker; `seaworthy keygen` makes one"};
  return SecretKey{*secret};
}

Result<Done> write_secret_file(const fs::path& file, std::string_view text) {
  const fs::path beside = file.string() + ".new";
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  unlink(beside.c_str());
  Fd out(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  // Root writes for whoever it belonged to: the broker's user has to read it again.
  struct stat before {};
  const bool owned = !out || stat(file.c_str(), &before) != 0 || geteuid() != 0 ||
                     fchown(out.get(), before.st_uid, before.st_gid) == 0;
  const bool written =
      out && owned &&
      write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(out.get()) == 0 && rename(beside.c_str(), file.c_str()) == 0;
  if (!written) return Unexpected{errno_text("cannot write " + file.string())};
  return Done{};
}

bool is_endpoint(std::string_view text) {
  if (text.starts_with("ipc://") || text.starts_with("inproc://")) return true;
  constexpr std::string_view kScheme = "tcp://";
  const size_t colon = text.rfind(':');
  if (!text.starts_with(kScheme) || colon <= kScheme.size()) return false;
  const std::string_view host = text.substr(kScheme.size(), colon - kScheme.size());
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  const auto is_of_host = [&](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' ||
           (is_bracketed && (c == ':' || c == '[' || c == ']' || c == '%'));
  };
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  return std::all_of(host.begin(), host.end(), is_of_host) && error == std::errc{} && rest == end &&
         port > 0;
}

bool is_local(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://") || endpoint.starts_with("inproc://")) return true;
  if (endpoint.starts_with("tcp://[::1]:") || endpoint.starts_with("tcp://localhost:")) return true;
  constexpr std::string_view kLoopback = "tcp://127.";
  // To the port only digits and dots: 127.example.org is somebody's host.
  return endpoint.starts_with(kLoopback) &&
         endpoint.find_first_not_of("0123456789.", kLoopback.size()) == endpoint.rfind(':');
}

std::string what_is_wrong(const std::vector<std::string>& endpoints, const std::optional<Key>& key,
                          bool insecure) {
  const auto odd = std::find_if_not(endpoints.begin(), endpoints.end(), is_endpoint);
  if (odd != endpoints.end())
    return "cannot connect to '" + *odd + "': an address looks like tcp://127.0.0.1:8888";
  if (key || insecure) return {};
  const auto remote = std::find_if_not(endpoints.begin(), endpoints.end(), is_local);
  if (remote == endpoints.end()) return {};
  return "cannot connect to " + *remote +
         " without a key: on a network anybody could pretend to be the broker. `seaworthy invite` "
         "on the broker's machine prints a key; keep it in a file and name that with --key. "
         "--insecure goes there without one";
}

}  // namespace seaworthy::io
