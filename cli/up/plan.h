// What `seaworthy up` is asked for, and the command lines that follow from it. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace seaworthy::cli {

struct UpOptions {
  std::vector<std::string> repositories;  // none: the demonstration repository
  std::filesystem::path state;
  unsigned workers = 1;
  std::string listen = "127.0.0.1:8888";
  std::filesystem::path keys;     // empty: without
  std::vector<std::string> refs;  // globs; none: the watcher's default
  std::string every = "5s";
  bool newest_only = false;
  std::string http = "127.0.0.1:8080";  // of the page
  bool no_http = false;
  bool is_public = false;  // the page
  std::string news;        // file; empty: none are sent
  std::string url;         // of the page, for links in them; may be empty
};

struct Address {
  std::string host;
  unsigned port = 0;
};
// "127.0.0.1:8888", "[::1]:0".
Result<Address> parse_address(const std::string& text);

// Where the broker listens, as an endpoint.
Result<std::string> endpoint_for(const std::string& listen);

// For those who connect: a broker that listens on all addresses is reached on this machine.
std::string reachable(const std::string& endpoint);

// The key that `seaworthy keygen` made for a role; empty when there are to be none.
std::filesystem::path key_of(const UpOptions& options, const std::string& role);

std::vector<std::string> broker_command(const UpOptions& options, const std::string& listen);
std::vector<std::string> worker_command(const UpOptions& options, const std::string& broker,
                                        const std::string& host, unsigned number);
// `listen`: where the page is to be; `or_any_port`: there, or on another port.
std::vector<std::string> reporter_command(const UpOptions& options, const std::string& broker,
                                          const std::string& listen, bool or_any_port);
std::vector<std::string> watcher_command(const UpOptions& options, const std::string& broker);

}  // namespace seaworthy::cli
