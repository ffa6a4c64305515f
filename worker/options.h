// What `seaworthy-worker` can be told, and how that is passed on to the workers of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/log.h"
#include "shared/model/limits.h"
#include "worker/identity.h"

namespace seaworthy::worker {

struct PoolSize {
  size_t least = 0;
  size_t most = 1;
};

struct Options {
  std::vector<std::string> brokers;
  std::string join, key_file;
  bool insecure = false;
  std::string name, state, mirrors;
  std::vector<std::string> labels;
  std::optional<PoolSize> pool;  // none: one worker
  Duration idle{300'000};        // of a pool
  double drain_timeout_s = 0;
  double kill_grace_s = 10;
  uint64_t min_free_disk_mb = 500;
  uint64_t keep_output_mib = limits::kOutputBytes / (1024 * 1024);
  io::LogOptions log{"worker", "text", "info"};
};

// An exit code if there is nothing more to do, as io::parse_options.
std::optional<int> parse_options(int argc, char** argv, Options& options);

// "MIN..MAX".
std::optional<PoolSize> parse_pool_size(const std::string& text);

// The command line of a worker of this pool, which is who the pool is, but for its name and state.
// All that may differ from the default is in it, so that its environment and configuration say
// nothing else.
std::vector<std::string> arguments_of_pooled(const Options& options, const Identity& identity,
                                             const std::filesystem::path& mirrors);

}  // namespace seaworthy::worker
