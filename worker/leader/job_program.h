// A program of a job as a process: in its own session, in the job's control group, confined
// (confinement.h), with stdin closed and none of the leader's descriptors. Runs in the leader,
// whose only thread starts it; the process is waited for by JobRun.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "worker/confinement.h"

namespace seaworthy::worker {

struct JobProgram {
  std::vector<std::string> arguments;  // the first is looked for in the leader's PATH
  std::vector<std::string> environment;
  std::filesystem::path directory;
  int output_fd = -1;  // for both stdout and stderr
};

// Returns when the program runs; the error says why it does not.
Result<pid_t> start_program(const JobProgram& program, const Group& group);

// In a child that was forked from the leader and goes on with its code: signals end it, and the
// worker's pipes end with the leader, not with it.
void part_from_leader();

}  // namespace seaworthy::worker
