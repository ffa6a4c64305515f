#include "worker/home.h"

#include <fstream>
#include <system_error>

#include "shared/io/clock.h"
#include "shared/io/paths.h"
#include "shared/model/limits.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kWorkersOfAMachine = 1'000;

Result<Home> lock_first_free(const fs::path& base) {
  std::error_code error;
  fs::create_directories(base, error);
  std::string problem = error ? error.message() : "";
  for (int n = 1; n <= kWorkersOfAMachine && problem.empty(); ++n) {
    Home home;
    home.state = base / ("worker-" + std::to_string(n));
    home.mirrors = base / "mirrors";
    home.name = io::host_name() + "-" + std::to_string(n);
    const bool existed = fs::exists(home.state, error);
    if (auto lock = io::lock_directory(home.state)) {
      home.lock = std::move(*lock);
      return home;
    } else if (!existed) {
      return Unexpected{lock.error()};
    } else if (n == kWorkersOfAMachine) {
      problem = lock.error();
    }
  }
  return Unexpected{"cannot use " + base.string() + " for this worker's state: " + problem +
                    ": choose another directory with --state"};
}

Result<Home> lock_named(const std::string& state) {
  Home home;
  std::error_code error;
  home.state = fs::absolute(state, error).lexically_normal();
  home.mirrors = home.state / "mirrors";
  auto lock = io::lock_directory(home.state);
  if (!lock) return Unexpected{lock.error()};
  home.lock = std::move(*lock);
  // Two machines, or two directories, must not come up with the same name.
  uint16_t number = 0;
  io::fill_random(&number, sizeof number);
  home.name = io::host_name() + "-" + std::to_string(number);
  return home;
}

}  // namespace

Result<Home> open_home(const HomeOptions& options) {
  auto home = options.state.empty() ? lock_first_free(io::default_state_directory())
                                    : lock_named(options.state);
  if (!home) return home;
  if (!options.mirrors.empty()) {
    std::error_code error;
    home->mirrors = fs::absolute(options.mirrors, error).lexically_normal();
  }
  const fs::path name_file = home->state / "name";
  std::string kept;
  std::getline(std::ifstream(name_file), kept);
  if (!options.name.empty())
    home->name = options.name;
  else if (!kept.empty())
    home->name = kept;
  if (home->name.size() > limits::kNameBytes)
    return Unexpected{"cannot use the name " + home->name + ": it is longer than " +
                      std::to_string(limits::kNameBytes) +
                      " bytes: choose a shorter one with --name"};
  if (home->name == kept) return home;
  std::ofstream file(name_file);
  file << home->name << "\n";
  file.close();
  if (!file) return Unexpected{"cannot write " + name_file.string() + ": is the disk full?"};
  return home;
}

}  // namespace seaworthy::worker
