// A broker's store: the tables, and the log of what is on its way there. Opening it brings the
// tables up to what the log says.
#pragma once

#include <filesystem>

#include "broker/change_log.h"
#include "broker/journal/tables.h"

namespace seaworthy::broker {

struct Store {
  Tables tables;
  ChangeLog log;
};

std::filesystem::path database_in(const std::filesystem::path& state);

// Opens or makes it in the directory `state`; begins a new epoch. Throws StoreError.
Store open_store(const std::filesystem::path& state);

}  // namespace seaworthy::broker
