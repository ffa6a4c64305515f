#include "worker/tree.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "shared/base/assert.h"

namespace seaworthy::worker {
namespace {

bool contains(const std::vector<pid_t>& list, pid_t pid) {
  return std::find(list.begin(), list.end(), pid) != list.end();
}

struct Status {
  pid_t parent = 0;
  char state = '?';
};

// /proc/PID/stat: "PID (name, which may hold anything) STATE PARENT …".
std::optional<Status> status_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text, '\0')) return std::nullopt;
  size_t end_of_name = text.rfind(')');
  Status status;
  if (end_of_name == std::string::npos ||
      std::sscanf(text.c_str() + end_of_name + 1, " %c %d", &status.state, &status.parent) != 2)
    return std::nullopt;
  return status;
}

// By the kernel's list of a thread's children; none if the kernel has no such list.
std::optional<std::vector<pid_t>> listed_children(pid_t pid) {
  std::error_code error;
  std::filesystem::directory_iterator threads("/proc/" + std::to_string(pid) + "/task", error);
  if (error) return std::vector<pid_t>{};
  std::vector<pid_t> children;
  while (threads != std::filesystem::directory_iterator{}) {
    std::ifstream file(threads->path() / "children");
    if (!file && std::filesystem::exists(threads->path(), error)) return std::nullopt;
    pid_t child = 0;
    while (file >> child) children.push_back(child);
    threads.increment(error);
    if (error) break;
  }
  return children;
}

std::multimap<pid_t, pid_t> children_by_parent() {
  std::multimap<pid_t, pid_t> tree;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error);
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc{} || end != name.data() + name.size()) continue;
    if (std::optional<Status> status = status_of(pid)) tree.emplace(status->parent, pid);
  }
  return tree;
}

// Walks from this process down, children before grandchildren.
template <class ChildrenOf>
std::vector<pid_t> walk(const std::vector<pid_t>& except, ChildrenOf children_of) {
  std::vector<pid_t> found;
  std::vector<pid_t> parents{getpid()};
  for (size_t i = 0; i < parents.size(); ++i)
    for (pid_t child : children_of(parents[i])) {
      if (contains(except, child) || contains(parents, child)) continue;
      parents.push_back(child);
      std::optional<Status> status = status_of(child);
      if (status && status->state != 'Z' && status->state != 'X') found.push_back(child);
    }
  return found;
}

}  // namespace

void become_subreaper() { SW_ASSERT(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0); }

std::vector<pid_t> descendants(const std::vector<pid_t>& except) {
  bool kernel_lists = true;
  std::vector<pid_t> found = walk(except, [&](pid_t parent) {
    auto children = listed_children(parent);
    kernel_lists = kernel_lists && children.has_value();
    return children.value_or(std::vector<pid_t>{});
  });
  if (kernel_lists) return found;
  const std::multimap<pid_t, pid_t> tree = children_by_parent();
  return walk(except, [&](pid_t parent) {
    std::vector<pid_t> children;
    auto [first, last] = tree.equal_range(parent);
    for (auto it = first; it != last; ++it) children.push_back(it->second);
    return children;
  });
}

void signal_all(const std::vector<pid_t>& processes, int signal) {
  for (pid_t pid : processes) {
    kill(pid, signal);
    if (signal != SIGKILL) kill(pid, SIGCONT);
  }
}

std::map<pid_t, int> reap_ended(const std::vector<pid_t>& except) {
  std::map<pid_t, int> ended;
  auto take = [&ended](pid_t which) {
    int status = 0;
    const pid_t pid = waitpid(which, &status, WNOHANG);
    if (pid > 0) ended[pid] = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return pid > 0;
  };
  if (except.empty()) {
    while (take(-1)) {
    }
    return ended;
  }
  for (;;) {
    // waitpid(-1) could take one of `except`, so children are asked one by one.
    std::vector<pid_t> children = listed_children(getpid()).value_or(std::vector<pid_t>{});
    const size_t before = ended.size();
    for (pid_t child : children)
      if (!contains(except, child)) take(child);
    if (ended.size() == before) return ended;
  }
}

size_t kill_descendants(int most_ms, const std::vector<pid_t>& except) {
  constexpr int kPauseMs = 5;
  for (int waited_ms = 0;; waited_ms += kPauseMs) {
    const std::vector<pid_t> left = descendants(except);
    // Stopped first, so that none forks while its siblings are killed.
    for (pid_t pid : left) kill(pid, SIGSTOP);
    signal_all(left, SIGKILL);
    reap_ended(except);
    if (left.empty() || waited_ms >= most_ms) return left.size();
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace seaworthy::worker
