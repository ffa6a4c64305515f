// submit: makes a build of one revision, as a watcher would have done.
#pragma once

#include <filesystem>
#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct SubmitOptions {
  std::string repository;
  std::string revision = "HEAD";  // name, tag, or id, full or abbreviated
  std::string ref;  // under which the build stands; empty: where the revision is found
  std::filesystem::path mirrors;  // a cache
  bool again = false;             // although there is a build of it
  bool wait = false;
  bool json = false;
};

Ended submit(zmq::context_t& context, const io::ClientOptions& connection,
             const SubmitOptions& options, Screen& screen);

}  // namespace seaworthy::cli
