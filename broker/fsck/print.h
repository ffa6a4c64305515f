// The report as people read it, and as programs do (docs/command-line.md). Texts from the store are
// made harmless: no byte of theirs moves a cursor or makes a line of its own.
#pragma once

#include <string>

#include "broker/fsck/findings.h"
#include "broker/fsck/fsck.h"

namespace seaworthy::fsck {

std::string as_text(const Report& report);
std::string as_json(const Report& report, const Place& place);

}  // namespace seaworthy::fsck
