#include "cli/local_git.h"

#include "shared/io/process.h"

namespace seaworthy::cli {

Result<std::string> ask_git(const std::string& directory, const std::vector<std::string>& words) {
  io::Command git;
  git.argv = {"env", "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE",
              "git", "-C", directory};
  git.argv.insert(git.argv.end(), words.begin(), words.end());
  git.environment = {"LC_ALL=C"};
  git.timeout = Duration{60'000};
  auto result = io::run(git);
  if (!result) return Unexpected{result.error()};
  if (result->exit_code != 0) return Unexpected{result->error.substr(0, result->error.find('\n'))};
  std::string answer = std::move(result->output);
  while (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

}  // namespace seaworthy::cli
