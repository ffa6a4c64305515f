// Signals as something to poll. block_signals() must run in main before any thread or ZeroMQ
// context exists, or a helper thread takes the signal and dies of it.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

#include "shared/io/fd.h"

namespace seaworthy::io {

// Blocks these in this thread and all made later, ignores SIGPIPE, and returns a descriptor that is
// readable when one of them is pending. Children are spawned with the mask cleared (io/process.h).
Fd block_signals(std::initializer_list<int> signals);

// The next pending signal, if any; never waits.
std::optional<int> next_signal(const Fd& signals);

}  // namespace seaworthy::io
