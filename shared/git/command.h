// The git program as a child process, called in one way: no prompts, no hooks, English messages, no
// maintenance, none of the GIT_… variables that a hook of another repository left in our
// environment. For this folder only. Calls block until git has ended; the error of a Result means
// that git could not be run to its end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/io/process.h"

namespace seaworthy::git {

struct GitLimits {
  Duration timeout{60'000};
  int interrupt_fd = -1;  // git is killed when this becomes readable; -1: none
};

// `arguments` follow the settings; an empty `git_directory` means none is involved.
std::vector<std::string> git_arguments(const std::filesystem::path& git_directory,
                                       const std::vector<std::string>& arguments);
// Added to our own environment.
std::vector<std::string> git_environment();

// `environment` is added to git_environment().
Result<io::CommandResult> run_git(const std::filesystem::path& git_directory,
                                  const std::vector<std::string>& arguments,
                                  const GitLimits& limits = {}, const std::string& input = {},
                                  const std::vector<std::string>& environment = {});

// The last lines that git wrote to stderr, as one line: its reason.
std::string last_words(const io::CommandResult& result);

}  // namespace seaworthy::git
