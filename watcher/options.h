// The options of seaworthy-watcher.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/keys.h"
#include "shared/io/log.h"
#include "shared/io/paths.h"

namespace seaworthy::watcher {

// Where web hooks of forges come in.
struct DoorOptions {
  std::string listen;                 // ADDRESS:PORT; empty: nowhere
  std::filesystem::path secret_file;  // a secret a line
  std::filesystem::path record;       // of deliveries that were taken
};

struct WatchOptions {
  std::vector<std::string> repositories;  // canonical, each once
  std::vector<std::string> ref_globs{"refs/heads/*"};
  std::vector<std::string> brokers;
  std::optional<io::Key> key;
  std::filesystem::path mirrors;
  Duration every{5'000};
  bool newest_only = false;
  DoorOptions door;
};

struct Options {
  WatchOptions watch;
  std::filesystem::path state = io::default_state_directory();
  std::string key_file;
  bool insecure = false;
  io::LogOptions log{"watcher", "text", "info"};
};

// An exit code if there is nothing more to do.
std::optional<int> parse_options(int argc, char** argv, Options& options);

// What follows from the options: key, brokers, places, each repository once and by its canonical
// name. Throws std::runtime_error with what is wrong and what to do.
void settle(Options& options);

}  // namespace seaworthy::watcher
