// Confinement keeps a job from taking its host away from the worker that runs it: the job's
// processes have less weight for the CPU and the disk, are the first that go when memory is short,
// and are a control group (cgroup v2) of their own where the system allows that. Nothing here is
// needed: what the system refuses is left out. Linux only; no limits are set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "shared/base/result.h"

namespace seaworthy::worker {

// What of it worked.
struct Weights {
  bool cpu = false;
  bool disk = false;
  bool memory = false;
};
// In a process that is about to become one of a job, after it has left its parent's session. What
// it starts inherits all this.
Weights take_a_back_seat();

// A control group, by its directory; no group at all with an empty path, and then nothing happens.
class Group {
 public:
  Group() = default;
  explicit Group(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }

  // Where the controllers are there: killed as a whole when memory is short, little weight.
  Result<Done> make() const;
  // False if this process is not in it afterwards. Safe after fork.
  bool enter() const;
  // fork() whose child begins its life in the group, which takes some 10 ms less than to enter()
  // it: the kernel moves a process only when all CPUs have been seen idle or switching. Where the
  // kernel cannot, or there is no group, a plain fork(), and the child enters what it can. For a
  // process with one thread; the child neither allocates nor locks until it has become another
  // program.
  pid_t fork_into() const;
  // All processes in it at once; in an old kernel nobody.
  void kill() const;
  // Of this group and those in it; none where memory is not accounted.
  std::optional<uint64_t> oom_kills() const;
  // With the groups that a job made in it. Kills what is left in them.
  void remove() const;

 private:
  std::filesystem::path directory_;
};

// The group that this process is in; an error where there is no cgroup v2.
Result<Group> own_group();

// Where a worker makes its attempts' groups, and what holds for its jobs, for people.
struct Confinement {
  std::filesystem::path groups;  // empty: cannot be made
  std::string in_words;
};
// Tries it all once. May move this process into a sub-group, because a group that has processes
// cannot account for its sub-groups. Forks: before there are threads.
Confinement try_confinement();

}  // namespace seaworthy::worker
