// builds, status, workers and show: commands that only ask.
#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct BuildsOptions {
  std::string repository;  // as people write it; empty: all
  std::string ref;
  std::string revision;  // prefix
  uint32_t limit = 50;
  bool json = false;
};
Ended list_builds(io::Client& client, const BuildsOptions& options, Screen& screen);

Ended show_status(io::Client& client, bool json, Screen& screen);

Ended list_workers(io::Client& client, bool json, Screen& screen);

struct ShowOptions {
  std::string build;
  bool json = false;
};
Ended show_build(io::Client& client, const ShowOptions& options, Screen& screen);

}  // namespace seaworthy::cli
