#include "tests/cli/support/program.h"

#include <poll.h>
#include <stdlib.h>

#include <fstream>

#include "shared/io/clock.h"
#include "tests/support/catch.h"

namespace seaworthy::test {
namespace {

namespace fs = std::filesystem;

constexpr Duration kPatience{180'000};

Words without_ours() {
  Words argv{"env"};
  for (const std::string& entry : io::environment_with({}))
    if (entry.starts_with("SEAWORTHY_"))
      argv.insert(argv.end(), {"-u", entry.substr(0, entry.find('='))});
  return argv;
}

}  // namespace

fs::path seaworthy_binary() { return SEAWORTHY_BINARY; }

io::CommandResult run_seaworthy(const Words& arguments, const Words& environment) {
  io::Command command;
  command.argv = without_ours();
  command.argv.insert(command.argv.end(), environment.begin(), environment.end());
  command.argv.push_back(seaworthy_binary().string());
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.timeout = kPatience;
  auto result = io::run(command);
  REQUIRE(result.has_value());
  return *result;
}

std::string run_or_fail(const Words& argv, const std::string& input) {
  io::Command command;
  command.argv = argv;
  command.input = input;
  command.timeout = kPatience;
  auto result = io::run(command);
  REQUIRE(result.has_value());
  INFO(argv[0] << ": " << result->error);
  REQUIRE(result->exit_code == 0);
  while (result->output.ends_with('\n')) result->output.pop_back();
  return result->output;
}

bool eventually(const std::function<bool()>& condition) {
  const Instant deadline = io::now() + kPatience;
  while (!condition()) {
    if (io::now() > deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

void write_file(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

void write_script(const fs::path& file, const std::string& text) {
  write_file(file, "#!/bin/sh\n" + text);
  fs::permissions(file, fs::perms::owner_all);
}

void make_repository(const std::string& directory) {
  run_or_fail({"git", "init", "-q", "-b", "main", directory});
  run_or_fail({"git", "-C", directory, "config", "user.name", "A Tester"});
  run_or_fail({"git", "-C", directory, "config", "user.email", "tester@localhost"});
  run_or_fail({"git", "-C", directory, "commit", "-q", "--allow-empty", "-m", "The first commit"});
}

}  // namespace seaworthy::test
