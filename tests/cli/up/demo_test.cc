#include "cli/up/demo.h"

#include "tests/cli/support/program.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

int run_tests_of(const std::string& demo, const std::string& branch) {
  run_or_fail({"git", "-C", demo, "checkout", "-q", branch});
  io::Command command;
  command.argv = {"python3", "-B", "-m", "unittest", "discover"};
  command.directory = demo;
  auto result = io::run(command);
  REQUIRE(result);
  CHECK(result->error.find("Ran 2 tests") != std::string::npos);
  return result->exit_code;
}

}  // namespace

TEST_CASE("the demonstration passes on main and fails on broken") {
  TemporaryFolder folder;
  const std::string demo = folder / "demo";
  REQUIRE(cli::make_demonstration(demo));
  CHECK(run_tests_of(demo, "broken") == 1);
  CHECK(run_tests_of(demo, "main") == 0);
}

TEST_CASE("a commit in the demonstration needs no identity of the user's") {
  TemporaryFolder folder;
  REQUIRE(cli::make_demonstration(folder / "demo"));
  run_or_fail({"env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", "git", "-C", folder / "demo",
               "commit", "-q", "--allow-empty", "-m", "My first change"});
}

TEST_CASE("a demonstration that is there is left as it is") {
  TemporaryFolder folder;
  REQUIRE(cli::make_demonstration(folder / "demo"));
  const std::string head = run_or_fail({"git", "-C", folder / "demo", "rev-parse", "HEAD"});
  REQUIRE(cli::make_demonstration(folder / "demo"));
  CHECK(run_or_fail({"git", "-C", folder / "demo", "rev-parse", "HEAD"}) == head);
}
