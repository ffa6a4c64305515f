// Changes as bytes of a record of the log, and back. A record lives until its changes are in the
// tables, which a stop of the broker waits for: no other version ever needs to read it, and what it
// is made of may change with kChangesVersion. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/core/change.h"

namespace seaworthy::broker {

// Appends to `record`.
void encode_changes(const std::vector<Change>& changes, std::string& record);
// Of all that were appended. Throws StoreError.
std::vector<Change> decode_changes(std::string_view record);

}  // namespace seaworthy::broker
