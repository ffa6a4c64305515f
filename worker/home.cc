#include "worker/home.h"

#include <stdexcept>

#include "shared/io/paths.h"

namespace seaworthy::worker {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error());
  return std::move(*result);
}

}  // namespace

Home take_home(const Options& options, const PlaceKind& kind) {
  Place place = or_throw(take_place(options.state, options.name, kind));
  const std::filesystem::path kept =
      options.state.empty() ? io::default_state_directory() : place.state;
  Identity identity = or_throw(identity_of(
      {options.brokers, options.join, options.key_file, options.insecure, kept / "worker.key"}));
  if (options.name.empty()) place.name = name_with_key(identity.key, place.name);
  return {std::move(place), std::move(identity)};
}

std::filesystem::path mirrors_of(const Options& options, const Place& place) {
  if (!options.mirrors.empty()) return std::filesystem::absolute(options.mirrors);
  return (options.state.empty() ? io::default_state_directory() : place.state) / "mirrors";
}

}  // namespace seaworthy::worker
