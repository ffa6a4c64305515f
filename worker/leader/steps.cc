#include "worker/leader/steps.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string_view>

#include "shared/io/process.h"
#include "worker/leader/job_program.h"

namespace seaworthy::worker {
namespace {

// A worker that was started by a git hook must not lead its jobs' git to that repository.
constexpr std::array<std::string_view, 10> kOfGitHooks{
    "GIT_DIR",       "GIT_WORK_TREE",       "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_PREFIX",     "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_EXEC_PATH", "GIT_COMMON_DIR"};

bool is_kept_from_jobs(std::string_view name) {
  return name.starts_with("SEAWORTHY_") ||
         std::find(kOfGitHooks.begin(), kOfGitHooks.end(), name) != kOfGitHooks.end();
}

bool is_in_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + std::string(program);
    if (access(candidate.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

std::vector<std::string> step_environment(const std::vector<std::string>& inherited,
                                          const wire::Assign& assign, const Step& step,
                                          const Surroundings& surroundings) {
  std::map<std::string, std::string> all;
  for (const std::string& entry : inherited) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    if (!is_kept_from_jobs(std::string_view(entry).substr(0, equals)))
      all[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  all["CI"] = "true";
  all["SEAWORTHY"] = "true";
  all["SEAWORTHY_BUILD"] = std::to_string(assign.build.value);
  all["SEAWORTHY_JOB"] = std::to_string(assign.job.value);
  all["SEAWORTHY_JOB_NAME"] = assign.specification.name;
  all["SEAWORTHY_ATTEMPT"] = std::to_string(assign.attempt.value);
  all["SEAWORTHY_REPOSITORY"] = assign.repository;
  all["SEAWORTHY_REF"] = assign.ref;
  all["SEAWORTHY_REVISION"] = assign.revision;
  all["SEAWORTHY_WORKER"] = surroundings.worker;
  all["SEAWORTHY_WORKSPACE"] = surroundings.workspace;
  all["PWD"] = surroundings.workspace;
  all.erase("OLDPWD");
  for (const auto* env : {&assign.specification.env, &step.env})
    for (const auto& [name, value] : *env) all[name] = value;
  std::vector<std::string> environment;
  for (const auto& [name, value] : all) environment.push_back(name + "=" + value);
  return environment;
}

std::string find_shell() {
  for (const char* shell : {"bash", "sh"})
    if (is_in_path(shell)) return shell;
  return {};
}

Result<pid_t> start_step(const std::filesystem::path& script, const wire::Assign& assign,
                         const Step& step, const Surroundings& surroundings, const Group& group,
                         int output_fd) {
  const std::string shell = find_shell();
  if (shell.empty())
    return Unexpected{"cannot run the step: this worker has neither bash nor sh in its PATH"};
  std::ofstream file(script, std::ios::binary);
  file << step.run << "\n";
  file.close();
  if (!file) return Unexpected{"cannot write " + script.string() + ": is the disk full?"};
  return start_program({{shell, "-e", script},
                        step_environment(io::environment_with({}), assign, step, surroundings),
                        surroundings.workspace,
                        output_fd},
                       group);
}

}  // namespace seaworthy::worker
