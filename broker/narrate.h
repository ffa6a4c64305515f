// Narration: one line of the log for each change that a person who tails the broker's log wants to
// know of, in the words of docs/glossary.md. Called once per change, when it is durable.
#pragma once

#include "broker/core/change.h"

namespace seaworthy::broker {

void narrate(const Change& change);

}  // namespace seaworthy::broker
