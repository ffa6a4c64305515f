// From the parsed command line to the command's function.
#pragma once

#include "cli/options.h"

namespace seaworthy::cli {

Ended run(const Invocation& invocation, Screen& screen);

}  // namespace seaworthy::cli
