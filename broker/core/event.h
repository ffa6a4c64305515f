// What the core can be told. One function of the core per event and per message type.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "broker/core/change.h"
#include "shared/base/ids.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

// A connection, as the shell numbers them (io::Peer's number). A worker that reconnects is another
// peer.
using PeerNumber = uint32_t;

struct MessageReceived {
  PeerNumber peer = 0;
  uint64_t tag = 0;  // repeated in the answer
  const wire::Message* message = nullptr;
  uint64_t blob_bytes = 0;
};

// A message to this peer could not be handed over: it is gone, or reads too slowly.
struct PeerUnreachable {
  PeerNumber peer = 0;
};

// Time has passed; next_deadline() may be due.
struct Tick {};

// There is room on the broker's disk for new work, or there is not any more.
struct SpaceChanged {
  bool enough = true;
};

// Finished builds that the broker was told not to keep.
struct BuildsExpired {
  std::vector<BuildRemoved> builds;
};

using Event = std::variant<MessageReceived, PeerUnreachable, Tick, SpaceChanged, BuildsExpired>;

}  // namespace seaworthy::broker
