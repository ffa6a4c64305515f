// Steps: how a step of a job is made a process. Its script is a file, run by bash -e (sh -e where
// there is no bash), a program of the job (job_program.h) with the environment described at
// step_environment().
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/wire/message.h"
#include "worker/confinement.h"

namespace seaworthy::worker {

// What a job is told of itself, beyond its Assign.
struct Surroundings {
  std::string worker;
  std::filesystem::path workspace;
};

// `inherited` without SEAWORTHY_… and without what git set for its hooks, then CI, SEAWORTHY and
// SEAWORTHY_…, then the job's env, then the step's: later ones win.
std::vector<std::string> step_environment(const std::vector<std::string>& inherited,
                                          const wire::Assign& assign, const Step& step,
                                          const Surroundings& surroundings);

// "bash", or "sh" where there is none; empty if there is neither in PATH.
std::string find_shell();

// Writes the script to `script` and starts it in `group`. stdout and stderr both go to `output_fd`.
Result<pid_t> start_step(const std::filesystem::path& script, const wire::Assign& assign,
                         const Step& step, const Surroundings& surroundings, const Group& group,
                         int output_fd);

}  // namespace seaworthy::worker
