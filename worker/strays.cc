#include "worker/strays.h"

#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <set>
#include <string>
#include <system_error>

#include "shared/io/file.h"
#include "worker/leader_protocol.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kPauseMs = 10;
// A leader ends its job by itself as soon as its worker is gone, and knows processes that hide from
// this search: it is given this long.
constexpr int kRoundsForLeaders = 200;
// A killed process is gone within a few rounds, unless the kernel holds it.
constexpr int kRounds = kRoundsForLeaders + 100;

// Empty when the process is gone by now.
std::string read_of_process(const fs::path& file) {
  auto text = io::read_file(file);
  return text ? std::move(*text) : "";
}

struct Strays {
  std::set<pid_t> leaders;
  std::set<pid_t> of_jobs;
};

Strays find_strays(const fs::path& spool, const fs::path& work) {
  const std::string nul(1, '\0');
  const std::string of_leader = std::string(kLeaderName) + nul + spool.string() + "/";
  const std::string of_job = nul + "SEAWORTHY_WORKSPACE=" + work.string() + "/";
  Strays strays;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc{} || end != name.data() + name.size() || pid == getpid()) continue;
    if (read_of_process(entry->path() / "cmdline").find(of_leader) != std::string::npos)
      strays.leaders.insert(pid);
    else if ((nul + read_of_process(entry->path() / "environ")).find(of_job) != std::string::npos)
      strays.of_jobs.insert(pid);
  }
  return strays;
}

}  // namespace

size_t end_strays(const fs::path& spool, const fs::path& work) {
  std::set<pid_t> seen;
  for (int round = 0; round < kRounds; ++round) {
    Strays strays = find_strays(spool, work);
    if (strays.leaders.empty() && strays.of_jobs.empty()) break;
    seen.insert(strays.of_jobs.begin(), strays.of_jobs.end());
    for (pid_t pid : strays.of_jobs) kill(pid, SIGKILL);
    if (round >= kRoundsForLeaders)
      for (pid_t pid : strays.leaders) kill(pid, SIGKILL);
    poll(nullptr, 0, kPauseMs);
  }
  return seen.size();
}

}  // namespace seaworthy::worker
