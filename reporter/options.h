// The options of seaworthy-reporter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reporter/entry/entry.h"
#include "reporter/news/core/plan.h"
#include "shared/http/server.h"
#include "shared/io/keys.h"
#include "shared/io/log.h"

namespace seaworthy::reporter {

struct Options {
  std::string listen = "127.0.0.1:8080";
  http::ServerOptions server;  // follows from `listen`
  bool is_public = false;      // everybody who reaches it may read
  EntryOptions entry;
  std::vector<std::string> brokers;
  std::string key_file;
  std::optional<io::Key> key;
  bool insecure = false;
  std::string news_file;           // empty: no news are sent
  std::optional<news::Plan> news;  // follows from it
  bool check_news = false;         // only that
  std::string test_target;         // only tell this one that it is a test; empty: serve
  std::string url;  // where others reach the pages, without a / at the end; may be empty
  int ready_fd = -1;
  io::LogOptions log{"reporter", "text", "info"};
};

// An exit code if there is nothing more to do.
std::optional<int> parse_options(int argc, char** argv, Options& options);

// What follows from the options: address, key, brokers. Throws std::runtime_error with what is
// wrong and what to do.
void settle(Options& options);

}  // namespace seaworthy::reporter
