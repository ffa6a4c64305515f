// The store's tables, and how an older store becomes the present one. docs/storage.md describes
// them.
#pragma once

#include "broker/journal/sqlite.h"

namespace seaworthy::broker {

// Brings the store to the present version in one transaction per step. Throws StoreError for a
// store that a newer Seaworthy has written. Sets the connection to WAL and synchronous=FULL.
void prepare_store(Database& database);

// The version that prepare_store() brings a store to.
int64_t present_version();

}  // namespace seaworthy::broker
