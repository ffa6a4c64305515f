// The output files, held against what the store counts as durable. Not part of the one transaction:
// attempts are read a page at a time, each page as the store is then, so that hashing gigabytes
// holds up nobody's checkpoint. What looks wrong is looked at again a moment later, with its row,
// because a running broker writes, compresses and removes files meanwhile.
#pragma once

#include <filesystem>

#include "broker/fsck/findings.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::fsck {

// Every attempt has its file.
void look_at_outputs(const broker::Database& database, const std::filesystem::path& directory,
                     Report& report);
// Every file has its attempt; others are notes.
void look_for_orphans(const broker::Database& database, const std::filesystem::path& directory,
                      Report& report);

}  // namespace seaworthy::fsck
