// Looks at a broker's store and tells what is wrong with it. It changes nothing and needs no
// broker; a running one is not held up. All that is in the database is seen as of one moment, in
// one read transaction; output files as they are when their turn comes. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "broker/fsck/findings.h"
#include "shared/base/result.h"

namespace seaworthy::fsck {

struct Place {
  std::filesystem::path database;
  std::filesystem::path output;
};

// `state` is a broker's directory, or the one of `seaworthy up` that has it inside. `output` is
// empty where it lies beside the database. The error says where a store was looked for.
Result<Place> find_store(const std::filesystem::path& state, const std::filesystem::path& output);

// The error says why nothing could be looked at: no store, a newer one, not readable.
Result<Report> look_at_store(const Place& place);

}  // namespace seaworthy::fsck
