// The options of seaworthy-broker.
#pragma once

#include <optional>

#include "broker/loop.h"
#include "shared/io/log.h"

namespace seaworthy::broker {

struct Options {
  LoopOptions loop;
  io::LogOptions log{"broker", "text", "info"};
  int ready_fd = -1;
  bool insecure = false;
};

// An exit code if the program has nothing more to do.
std::optional<int> parse_options(int argc, char** argv, Options& options);

}  // namespace seaworthy::broker
