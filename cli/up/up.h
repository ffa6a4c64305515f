// up: a broker, workers, a watcher and a reporter on this machine, as children of one process that
// shows what happens and stops them in order.
//
// One thread: it polls its signals, the children's pidfds and its own connection to the broker, so
// that nothing needs to be handed over and a Ctrl-C is seen at once. The only waits are short
// questions to the broker, which a signal interrupts.
#pragma once

#include "cli/outcome.h"
#include "cli/screen.h"
#include "cli/up/plan.h"

namespace seaworthy::cli {

// Returns after a signal, when everything has ended. Blocks signals: for a process that does
// nothing else.
Ended run_up(UpOptions options, Screen& screen);

}  // namespace seaworthy::cli
