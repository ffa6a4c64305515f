#include "worker/place.h"

#include <fstream>

#include "shared/io/clock.h"
#include "shared/io/paths.h"

namespace seaworthy::worker {
namespace {

constexpr int kMostWorkersHere = 1'000;

std::string kept_name(const Place& place, const std::string& otherwise) {
  const std::filesystem::path file = place.state / "name";
  std::string name;
  if (std::getline(std::ifstream(file), name) && !name.empty()) return name;
  std::ofstream(file) << otherwise << "\n";
  return otherwise;
}

}  // namespace

Result<Place> take_place(const std::filesystem::path& state, const std::string& name,
                         const PlaceKind& kind) {
  Place place;
  std::string suffix;
  if (!state.empty()) {
    auto lock = io::lock_directory(state);
    if (!lock) return Unexpected{lock.error()};
    place.state = std::filesystem::absolute(state / ".").lexically_normal().parent_path();
    place.lock = std::move(*lock);
    suffix = "-" + place.state.filename().string();
  } else {
    std::string last_error;
    for (int n = 1; n <= kMostWorkersHere && !place.lock; ++n) {
      const auto candidate = io::default_state_directory() / (kind.directory + std::to_string(n));
      auto lock = io::lock_directory(candidate);
      if (!lock) {
        last_error = lock.error();
        if (!std::filesystem::exists(candidate)) break;  // cannot be made: neither can the next one
        continue;
      }
      place.state = candidate;
      place.lock = std::move(*lock);
      suffix = kind.name + std::to_string(n);
    }
    if (!place.lock) return Unexpected{last_error};
  }
  place.name = name.empty() ? kept_name(place, io::host_name() + suffix) : name;
  return place;
}

}  // namespace seaworthy::worker
