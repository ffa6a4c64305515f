// Effects are what the core wants done, in this order. The loop does them and decides nothing. An
// effect that fails comes back as an event (AttemptEnded with outcome Broken, no Writable yet).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/ids.h"
#include "shared/wire/message.h"

namespace seaworthy::worker {

struct Send {
  wire::Message message;
};

// Send an Output message with these bytes of the attempt's spool.
struct SendOutput {
  AttemptKey key;
  uint64_t offset = 0;
  size_t size_bytes = 0;
};

// Put the assignment into the spool and start a leader for it.
struct StartAttempt {
  wire::Assign assign;
};

// A person cancelled it: end it politely; it answers with AttemptEnded.
struct EndAttempt {
  AttemptKey key;
};

// It is no longer ours: kill it at once; it answers with AttemptGone.
struct KillAttempt {
  AttemptKey key;
};

// The broker has everything, or wants nothing of it.
struct DiscardSpool {
  AttemptKey key;
};

// Close the socket and make a new one, to the next broker of the list.
struct Reconnect {};

// A line for the log. Severity as in io/log.h.
struct Say {
  enum class Severity : uint8_t { Info, Warning, Debug };
  Severity severity = Severity::Info;
  std::string text;
};

struct Exit {};

using Effect = std::variant<Send, SendOutput, StartAttempt, EndAttempt, KillAttempt, DiscardSpool,
                            Reconnect, Say, Exit>;
using Effects = std::vector<Effect>;

}  // namespace seaworthy::worker
