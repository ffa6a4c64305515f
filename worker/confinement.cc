#include "worker/confinement.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "shared/io/fd.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kNiceBy = 10;  // about a tenth of the CPU when others want it
constexpr int kOomScoreBy = 500;
constexpr int kWeight = 20;  // of 100
constexpr const char* kGroupOfWorkers = "seaworthy-worker";
// ioprio_set(2), which has no header of its own.
constexpr int kOfProcess = 1, kBestEffort = 2 << 13, kLowest = 7;
constexpr int kRemoveRounds = 100;
constexpr int kRemovePauseMs = 10;

// No allocation: also used after fork.
bool write_to(const char* file, const char* text) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const size_t size = std::strlen(text);
  const bool done = write(fd, text, size) == static_cast<ssize_t>(size);
  close(fd);
  return done;
}

bool raise_oom_score() {
  std::array<char, 32> text{};
  const int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool read_it = read(fd, text.data(), text.size() - 1) > 0;
  const int score = std::min(std::atoi(text.data()) + kOomScoreBy, 1000);
  const int size = std::snprintf(text.data(), text.size(), "%d", score);
  const bool done = read_it && pwrite(fd, text.data(), static_cast<size_t>(size), 0) == size;
  close(fd);
  return done;
}

bool has_word(const fs::path& file, const std::string& word) {
  std::ifstream in(file);
  for (std::string one; in >> one;)
    if (one == word) return true;
  return false;
}

// The controllers whose files sub-groups have; asks for those that are not handed down yet.
bool hand_down_controllers(const fs::path& group) {
  bool refused = false;
  for (const char* controller : {"cpu", "io", "memory"})
    if (has_word(group / "cgroup.controllers", controller) &&
        !has_word(group / "cgroup.subtree_control", controller))
      refused |= !write_to((group / "cgroup.subtree_control").c_str(),
                           (std::string("+") + controller).c_str());
  return !refused;
}

bool is_alone_in(const fs::path& group) {
  std::ifstream in(group / "cgroup.procs");
  pid_t pid = 0, other = 0;
  return in >> pid && pid == getpid() && !(in >> other);
}

// A group that has processes cannot hand its controllers down, so a worker that is alone in its
// group (a service with Delegate=yes) goes a level down.
void prepare(const fs::path& group) {
  if (hand_down_controllers(group) || !is_alone_in(group)) return;
  const Group below(group / kGroupOfWorkers);
  std::error_code error;
  fs::create_directory(below.directory(), error);
  if (!below.enter() || hand_down_controllers(group)) return;
  Group(group).enter();
  below.remove();
}

struct Trial {
  Weights weights;
  bool group = false;
};

// In a child, which keeps it all to itself.
Trial try_in_child(const Group& group) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const bool entered = group.enter();
    const Weights done = take_a_back_seat();
    _exit((done.cpu ? 1 : 0) | (done.disk ? 2 : 0) | (done.memory ? 4 : 0) | (entered ? 8 : 0));
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return {};
  const int bits = WEXITSTATUS(status);
  return {{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0}, (bits & 8) != 0};
}

std::string in_words(const Weights& weights) {
  std::string text;
  auto add = [&text](bool holds, const std::string& what) {
    if (holds) text += (text.empty() ? "" : ", ") + what;
  };
  add(weights.cpu, "nice +" + std::to_string(kNiceBy));
  add(weights.disk, "the lowest best-effort I/O priority");
  add(weights.memory, "oom_score_adj +" + std::to_string(kOomScoreBy));
  return "jobs run with " + (text.empty() ? "the weights of this worker" : text);
}

std::string in_words(const Group& trial) {
  auto has = [&](const char* file) { return fs::exists(trial.directory() / file); };
  std::string text = "each in a control group below " + trial.directory().parent_path().string();
  text += has("cgroup.kill") ? "" : ", without cgroup.kill";
  text += has("memory.events") ? ", memory accounted" : ", memory not accounted";
  return text + (has("cpu.weight") ? ", CPU weighted" : ", CPU not weighted");
}

}  // namespace

Weights take_a_back_seat() {
  Weights done;
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, 0);
  done.cpu = errno == 0 && setpriority(PRIO_PROCESS, 0, std::min(nice + kNiceBy, 19)) == 0;
  // Where the kernel groups by session, only the session's own weight counts between sessions.
  write_to("/proc/self/autogroup", "10");
  static_assert(kNiceBy == 10);
  done.disk = syscall(SYS_ioprio_set, kOfProcess, 0, kBestEffort | kLowest) == 0;
  done.memory = raise_oom_score();
  return done;
}

Result<Done> Group::make() const {
  if (directory_.empty()) return Done{};
  if (mkdir(directory_.c_str(), 0755) != 0 && errno != EEXIST)
    return Unexpected{io::errno_text("cannot make the control group " + directory_.string())};
  const std::string weight = std::to_string(kWeight);
  write_to((directory_ / "memory.oom.group").c_str(), "1");
  write_to((directory_ / "cpu.weight").c_str(), weight.c_str());
  write_to((directory_ / "io.weight").c_str(), weight.c_str());
  return Done{};
}

bool Group::enter() const {
  if (directory_.empty()) return false;
  return write_to((directory_ / "cgroup.procs").c_str(), "0");
}

pid_t Group::fork_into() const {
  if (!directory_.empty()) {
    const io::Fd group(open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    clone_args how{};
    how.flags = CLONE_INTO_CGROUP;
    how.exit_signal = SIGCHLD;
    how.cgroup = static_cast<__u64>(group.get());
    const long child = group ? syscall(SYS_clone3, &how, sizeof how) : -1;
    if (child >= 0) return static_cast<pid_t>(child);
  }
  const pid_t child = fork();
  if (child == 0) enter();
  return child;
}

void Group::kill() const {
  if (!directory_.empty()) write_to((directory_ / "cgroup.kill").c_str(), "1");
}

std::optional<uint64_t> Group::oom_kills() const {
  if (directory_.empty()) return std::nullopt;
  std::ifstream in(directory_ / "memory.events");
  std::string name;
  for (uint64_t count = 0; in >> name >> count;)
    if (name == "oom_kill") return count;
  return std::nullopt;
}

void Group::remove() const {
  std::error_code error;
  if (directory_.empty() || !fs::is_directory(directory_, error)) return;
  for (int round = 0; round < kRemoveRounds; ++round) {
    for (fs::directory_iterator entry(directory_, error);
         !error && entry != fs::directory_iterator{}; entry.increment(error))
      if (entry->is_directory(error)) Group(entry->path()).remove();
    if (rmdir(directory_.c_str()) == 0 || errno != EBUSY) return;
    kill();
    ::poll(nullptr, 0, kRemovePauseMs);
  }
}

Result<Group> own_group() {
  std::ifstream groups("/proc/self/cgroup");
  std::string line, own;
  while (std::getline(groups, line))
    if (line.starts_with("0::")) own = line.substr(3);
  if (own.empty()) return Unexpected{"this process is in no group of cgroup v2"};
  // "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS"
  std::ifstream mounts("/proc/self/mountinfo");
  while (std::getline(mounts, line)) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos || !line.substr(dash + 3).starts_with("cgroup2 ")) continue;
    std::istringstream words(line);
    std::string skip, root, at;
    words >> skip >> skip >> skip >> root >> at;
    if (root == "/") root.clear();
    if (!own.starts_with(root) || own.find("/..") != std::string::npos)
      return Unexpected{"its group " + own + " is not below what is mounted at " + at};
    return Group(fs::path(at + own.substr(root.size())).lexically_normal());
  }
  return Unexpected{"cgroup v2 is not mounted"};
}

Confinement try_confinement() {
  Confinement result;
  std::string why;
  Group trial;
  if (auto own = own_group(); !own) {
    why = own.error();
  } else {
    // A pool went down a level with its workers: their jobs have groups beside theirs.
    fs::path base = own->directory();
    if (base.filename() == kGroupOfWorkers)
      base = base.parent_path();
    else
      prepare(base);
    trial = Group(base / ("seaworthy-trial-" + std::to_string(getpid())));
    if (auto made = trial.make(); !made) why = made.error(), trial = Group();
  }
  const Trial tried = try_in_child(trial);
  if (why.empty() && !tried.group) why = "no process can be put into " + trial.directory().string();
  if (why.empty()) result.groups = trial.directory().parent_path();
  result.in_words = in_words(tried.weights) + "; " +
                    (why.empty() ? in_words(trial) : "no control groups: " + why);
  trial.remove();
  return result;
}

}  // namespace seaworthy::worker
