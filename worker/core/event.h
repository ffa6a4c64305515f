// Event is everything that can happen to a worker, as plain data: what the broker said, what a
// leader reported, what the operator asked for, and time passing. The loop makes them; the core
// decides.
#pragma once

#include <cstdint>
#include <variant>

#include "shared/base/ids.h"
#include "shared/wire/message.h"

namespace seaworthy::worker {

// Nothing happened but time.
struct Tick {};

// A message from the broker.
struct Received {
  wire::Message message;
};

// A message could not be handed to the socket before, and now one could: there is a connection
// again.
struct Writable {};

// What the machine has to offer; stepped before anything that depends on it.
struct Measured {
  uint32_t load_permille = 0;
  uint64_t free_disk_bytes = 0;
};

// The attempt's spooled output has this many bytes now.
struct OutputGrew {
  AttemptKey key;
  uint64_t size_bytes = 0;
};

// The attempt is over, none of its processes is left, and its outcome is in the spool. Also for an
// attempt that could not even be started. The report's boot is filled in by the core.
struct AttemptEnded {
  wire::AttemptFinished report;
};

// A killed attempt's processes are gone.
struct AttemptGone {
  AttemptKey key;
};

// An earlier process of this worker ended before its broker had recorded this outcome. Only before
// the first Tick.
struct Recovered {
  wire::AttemptFinished report;
};

// The operator's first signal: finish what runs, take nothing new, then leave.
struct DrainRequested {};

// The operator's second signal: leave now.
struct LeaveRequested {};

using Event = std::variant<Tick, Received, Writable, Measured, OutputGrew, AttemptEnded,
                           AttemptGone, Recovered, DrainRequested, LeaveRequested>;

}  // namespace seaworthy::worker
