// wait: until a build has its verdict.
#pragma once

#include <optional>
#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct WaitOptions {
  std::string target;               // a build's number or a revision
  std::optional<Duration> give_up;  // none: for as long as it takes
  bool quiet = false;               // the exit code says it all
};

// A revision that has no build yet is waited for, after a remark. The first answer of the broker
// must come within the client's own time-out; later a broker may be away for a while.
Ended wait_for_build(zmq::context_t& context, const io::ClientOptions& connection,
                     const WaitOptions& options, Screen& screen);

}  // namespace seaworthy::cli
