#include "shared/io/process.h"

#include <signal.h>
#include <sys/eventfd.h>

#include "shared/io/clock.h"
#include "tests/support/catch.h"

using namespace seaworthy;

namespace {

io::Command shell(const std::string& script) {
  io::Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

io::CommandResult result_of(const io::Command& command) {
  auto result = io::run(command);
  INFO((result ? std::string() : result.error()));
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("a command's output, errors and exit code are collected") {
  auto result = result_of(shell("echo out; echo err >&2; exit 3"));
  CHECK(result.output == "out\n");
  CHECK(result.error == "err\n");
  CHECK(result.exit_code == 3);
}

TEST_CASE("a command that a signal ended has 128 and the signal's number") {
  CHECK(result_of(shell("kill -TERM $$")).exit_code == 128 + SIGTERM);
}

TEST_CASE("a command is given its input, its directory and its environment") {
  io::Command command = shell("cat; pwd; echo $ADDED");
  command.input = "first line\n";
  command.directory = "/";
  command.environment = {"ADDED=value"};
  CHECK(result_of(command).output == "first line\n/\nvalue\n");
}

TEST_CASE("large input and output do not wait for one another") {
  io::Command command;
  command.argv = {"cat"};
  command.input.assign(4 * 1024 * 1024, 'x');
  CHECK(result_of(command).output == command.input);
}

TEST_CASE("input that nobody reads is no trouble") {
  io::Command command = shell("exec 0<&-; exit 0");
  command.input.assign(1024 * 1024, 'x');
  CHECK(result_of(command).exit_code == 0);
}

TEST_CASE("a program that does not exist is an error with its name") {
  io::Command command;
  command.argv = {"no-such-program-anywhere"};
  auto result = io::run(command);
  REQUIRE_FALSE(result);
  CHECK(result.error().find("no-such-program-anywhere") != std::string::npos);
}

TEST_CASE("a command that takes too long is killed with its children") {
  io::Command command = shell("sleep 1000 & sleep 1000");
  command.timeout = Duration{100};
  const Instant started = io::now();
  auto result = io::run(command);
  REQUIRE_FALSE(result);
  CHECK(result.error().find("did not end within 100 ms") != std::string::npos);
  CHECK(io::now() - started < std::chrono::seconds(200));  // and not when the children have slept
}

TEST_CASE("a command is killed when it is interrupted") {
  io::Fd interrupt(eventfd(1, EFD_CLOEXEC));
  io::Command command = shell("sleep 1000");
  command.interrupt_fd = interrupt.get();
  auto result = io::run(command);
  REQUIRE_FALSE(result);
  CHECK(result.error().find("interrupted") != std::string::npos);
}

TEST_CASE("a command that writes without end is killed") {
  io::Command command = shell("yes");
  command.output_limit = 1024 * 1024;
  auto result = io::run(command);
  REQUIRE_FALSE(result);
  CHECK(result.error().find("wrote too much") != std::string::npos);
}

TEST_CASE("a grandchild that keeps the output open does not hold a command up") {
  const Instant started = io::now();
  auto result = result_of(shell("sleep 1000 & echo $!"));
  CHECK(io::now() - started < std::chrono::seconds(200));
  CHECK(kill(static_cast<pid_t>(std::stol(result.output)), SIGKILL) == 0);  // it was there still
}

TEST_CASE("children get no descriptors of ours but those named") {
  io::Fd secret(eventfd(0, 0));                                         // without close-on-exec
  CHECK(result_of(shell("ls /proc/self/fd | wc -l")).output == "4\n");  // ls itself opens one
}

TEST_CASE("changed variables replace those of ours") {
  setenv("SEAWORTHY_TEST_VARIABLE", "old", 1);
  auto environment = io::environment_with({"SEAWORTHY_TEST_VARIABLE=new"});
  unsetenv("SEAWORTHY_TEST_VARIABLE");
  int found = 0;
  for (const std::string& entry : environment)
    if (entry.starts_with("SEAWORTHY_TEST_VARIABLE=")) {
      ++found;
      CHECK(entry == "SEAWORTHY_TEST_VARIABLE=new");
    }
  CHECK(found == 1);
}

TEST_CASE("a child that is spawned can be waited for and reaped") {
  io::Spawn what;
  what.argv = {"sh", "-c", "exit 5"};
  auto child = io::spawn(what);
  REQUIRE(child);
  CHECK(io::reap(*child) == 5);
}
