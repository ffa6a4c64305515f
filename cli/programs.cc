#include "cli/programs.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "cli/identify.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

Unexpected<std::string> become(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // an ignored signal would stay ignored in the program
  execvp(argv[0], argv.data());
  const std::string advice =
      errno == ENOENT ? ": it is neither beside this program nor on PATH; install it there" : "";
  return Unexpected{"cannot run " + command[0] + ": " + std::strerror(errno) + advice};
}

}  // namespace

fs::path this_binary() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : path;
}

std::string find_program(const std::string& name) {
  const fs::path beside = this_binary().parent_path() / name;
  return access(beside.c_str(), X_OK) == 0 ? beside.string() : name;
}

std::string typed_name() {
  const fs::path ours = this_binary();
  const char* path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "";
  while (!left.empty()) {
    const size_t colon = std::min(left.find(':'), left.size());
    const fs::path candidate = fs::path(left.substr(0, colon)) / "seaworthy";
    left.remove_prefix(std::min(colon + 1, left.size()));
    if (access(candidate.c_str(), X_OK) != 0) continue;
    std::error_code error;
    return fs::equivalent(candidate, ours, error) ? "seaworthy" : ours.string();
  }
  return ours.string();
}

bool is_program(std::string_view name) {
  return name == "broker" || name == "worker" || name == "watcher" || name == "reporter" ||
         name == "fsck";
}

Ended become_program(const std::string& name, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{find_program("seaworthy-" + name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return become(command);
}

Ended become_supervised(const std::vector<std::string>& arguments) {
  const auto parent = arguments.empty() ? std::nullopt : parse_number(arguments[0]);
  if (!parent || arguments.size() < 2)
    return Unexpected{
        "`seaworthy supervised` is for `seaworthy up` only: it takes the parent's "
        "process id and a program"};
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
    return Unexpected{std::string("cannot ask to be told of the parent's death: ") +
                      std::strerror(errno)};
  if (getppid() != static_cast<pid_t>(*parent))
    return Unexpected{"the parent, process " + arguments[0] + ", is gone"};
  return become({arguments.begin() + 1, arguments.end()});
}

}  // namespace seaworthy::cli
