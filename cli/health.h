// health: does a broker answer? For health checks of containers and services, and for people who
// want to know it before anything else.
#pragma once

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

// One line, or one object for programs. The text of why not if no broker answers in time.
Ended show_health(io::Client& client, bool json, Screen& screen);

}  // namespace seaworthy::cli
