// Loop runs a watch for each repository, listens for notices, and stops all of them on a signal,
// within a second. The watches' threads do the work; this one waits for the signal.
#pragma once

#include "shared/io/fd.h"
#include "shared/io/notify.h"
#include "watcher/options.h"

namespace seaworthy::watcher {

// Returns after SIGTERM or SIGINT. Throws std::runtime_error that says what to do when web hooks
// cannot be taken.
void run_loop(const WatchOptions& options, const io::Fd& signals, io::Supervisor& supervisor);

}  // namespace seaworthy::watcher
