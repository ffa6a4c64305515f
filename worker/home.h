// Home is what a worker, or a pool of them, starts from: its place on this machine and who it is to
// its broker.
#pragma once

#include <filesystem>

#include "worker/identity.h"
#include "worker/options.h"
#include "worker/place.h"

namespace seaworthy::worker {

struct Home {
  Place place;
  Identity identity;
};

// Throws with a text for people.
Home take_home(const Options& options, const PlaceKind& kind);

// Where the copies of repositories are, shared by the workers of one user unless told otherwise.
std::filesystem::path mirrors_of(const Options& options, const Place& place);

}  // namespace seaworthy::worker
