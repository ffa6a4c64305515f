// Place is where a worker lives: its directory, locked for this process's life, and the name it has
// there. A worker that is started again in the same place has the same name, so the broker knows it
// as the same worker's next life.
#pragma once

#include <filesystem>
#include <string>

#include "shared/base/result.h"
#include "shared/io/fd.h"

namespace seaworthy::worker {

struct Place {
  std::filesystem::path state;
  std::string name;
  io::Fd lock;
};

// Of whom a place is, and what it is called where nobody says otherwise.
struct PlaceKind {
  std::string directory = "worker-";  // and a number
  std::string name = "-";             // between host and number
};
inline const PlaceKind kPlaceOfPool{"pool-", "-pool-"};

// Empty `state`: the first default directory worker-N that nobody uses. Empty `name`: the one kept
// there, else HOST-N, which is then kept.
Result<Place> take_place(const std::filesystem::path& state, const std::string& name,
                         const PlaceKind& kind = {});

}  // namespace seaworthy::worker
