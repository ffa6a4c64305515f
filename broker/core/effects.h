// What the core wants done, in two lists. The shell makes all changes durable before the first
// message leaves; it may join the effects of many events and commit once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/core/change.h"
#include "broker/core/event.h"

namespace seaworthy::broker {

struct Outgoing {
  PeerNumber peer = 0;
  uint64_t tag = 0;
  wire::Message message;
  // Of an Assign: the store fills in the specification, which the core does not keep.
  bool needs_specification = false;
};

struct Effects {
  std::vector<Change> changes;
  std::vector<Outgoing> messages;
};

}  // namespace seaworthy::broker
