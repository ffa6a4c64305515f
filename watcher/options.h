// What a watcher was told to do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/keys.h"

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

}  // namespace seaworthy::watcher
