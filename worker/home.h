// Home is a worker's own directory: lock, name, spool, work. Without --state each worker of a
// machine takes the first worker-N below the default state directory that no other process uses, so
// that starting a second worker is just that. Errors say what to do.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"
#include "shared/io/fd.h"

namespace seaworthy::worker {

struct HomeOptions {
  std::string state;    // empty: choose
  std::string name;     // empty: the one kept here, or a new one
  std::string mirrors;  // empty: beside the workers' directories, or in the one that --state names
};

struct Home {
  std::filesystem::path state;
  std::filesystem::path mirrors;
  std::string name;
  io::Fd lock;  // held as long as this lives
};

Result<Home> open_home(const HomeOptions& options);

}  // namespace seaworthy::worker
