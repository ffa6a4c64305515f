#include "worker/strays.h"

#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <system_error>

#include "worker/leader.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

// A killed process is gone within a few of these, unless the kernel holds it.
constexpr int kPauseMs = 10;
constexpr int kRounds = 200;

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<pid_t> find_strays(const fs::path& spool, const fs::path& work) {
  std::string of_leader = std::string(1, '\0') + std::string(kLeaderMode);
  of_leader += '\0' + spool.string() + "/";
  const std::string of_job = "SEAWORTHY_WORKSPACE=" + work.string() + "/";
  std::set<pid_t> strays;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc{} || end != name.data() + name.size() || pid == getpid()) continue;
    const std::string environment = '\0' + read_all(entry->path() / "environ");
    if (environment.find('\0' + of_job) != std::string::npos ||
        read_all(entry->path() / "cmdline").find(of_leader) != std::string::npos)
      strays.insert(pid);
  }
  return strays;
}

}  // namespace

size_t end_strays(const fs::path& spool, const fs::path& work) {
  std::set<pid_t> seen;
  for (int round = 0; round < kRounds; ++round) {
    const std::set<pid_t> strays = find_strays(spool, work);
    if (strays.empty()) break;
    seen.insert(strays.begin(), strays.end());
    for (pid_t pid : strays) kill(pid, SIGKILL);
    poll(nullptr, 0, kPauseMs);
  }
  return seen.size();
}

}  // namespace seaworthy::worker
