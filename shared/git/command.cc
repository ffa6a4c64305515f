#include "shared/git/command.h"

#include <array>
#include <cstdlib>
#include <string_view>

namespace seaworthy::git {
namespace {

// What git sets for its hooks: a program started from one must not touch that repository instead.
constexpr std::array kForeign{"GIT_DIR",
                              "GIT_WORK_TREE",
                              "GIT_INDEX_FILE",
                              "GIT_OBJECT_DIRECTORY",
                              "GIT_NAMESPACE",
                              "GIT_COMMON_DIR",
                              "GIT_QUARANTINE_PATH",
                              "GIT_PREFIX",
                              "GIT_CONFIG_COUNT",
                              "GIT_CEILING_DIRECTORIES",
                              "GIT_CONFIG_PARAMETERS",
                              "GIT_SHALLOW_FILE",
                              "GIT_ALTERNATE_OBJECT_DIRECTORIES"};

// What git says after every failure to reach a repository.
bool is_boilerplate(std::string_view line) {
  return line.starts_with("Please make sure you have the correct access rights") ||
         line.starts_with("and the repository exists.");
}

constexpr size_t kLastWordsBytes = 600;
constexpr size_t kLastWordsLines = 3;

}  // namespace

std::vector<std::string> git_arguments(const std::filesystem::path& git_directory,
                                       const std::vector<std::string>& arguments) {
  std::vector<std::string> argv;
  for (const char* name : kForeign) {
    if (std::getenv(name) == nullptr) continue;
    if (argv.empty()) argv.emplace_back("env");
    argv.insert(argv.end(), {"-u", name});
  }
  argv.emplace_back("git");
  if (!git_directory.empty()) argv.push_back("--git-dir=" + git_directory.string());
  // gc.auto=0: objects that a force push left behind stay, so that they can still be walked.
  for (const char* setting :
       {"gc.auto=0", "maintenance.auto=false", "safe.directory=*", "core.hooksPath=/dev/null",
        "core.fsmonitor=false", "core.quotePath=false", "fetch.recurseSubmodules=false",
        "http.lowSpeedLimit=100", "http.lowSpeedTime=30"})
    argv.insert(argv.end(), {"-c", setting});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

std::vector<std::string> git_environment() {
  std::vector<std::string> environment{"GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C",
                                       "LANGUAGE=C", "SSH_ASKPASS_REQUIRE=never"};
  // An askpass program that somebody set answers without a person; an empty one asks nobody.
  if (std::getenv("GIT_ASKPASS") == nullptr) environment.emplace_back("GIT_ASKPASS=");
  return environment;
}

Result<io::CommandResult> run_git(const std::filesystem::path& git_directory,
                                  const std::vector<std::string>& arguments,
                                  const GitLimits& limits, const std::string& input,
                                  const std::vector<std::string>& environment) {
  io::Command command;
  command.argv = git_arguments(git_directory, arguments);
  command.environment = git_environment();
  command.environment.insert(command.environment.end(), environment.begin(), environment.end());
  command.input = input;
  command.timeout = limits.timeout;
  command.interrupt_fd = limits.interrupt_fd;
  return io::run(command);
}

std::string last_words(const io::CommandResult& result) {
  std::string_view text = result.error;
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kLastWordsLines) {
    size_t end = text.find_last_not_of("\r\n ");
    if (end == std::string_view::npos) break;
    text = text.substr(0, end + 1);
    size_t start = text.find_last_of("\r\n");
    start = start == std::string_view::npos ? 0 : start + 1;
    if (!is_boilerplate(text.substr(start))) lines.push_back(text.substr(start));
    text = text.substr(0, start);
  }
  std::string words;
  for (size_t i = lines.size(); i-- > 0;) words.append(words.empty() ? "" : " | ").append(lines[i]);
  if (words.empty()) words = "git ended with exit code " + std::to_string(result.exit_code);
  if (words.size() > kLastWordsBytes) words.resize(kLastWordsBytes);
  return words;
}

}  // namespace seaworthy::git
