// Hooks in real repositories: they tell the broker, keep what was there, and never disturb git.
#include "cli/hook.h"

#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

std::optional<wire::Envelope> told(const wire::Message&) { return answer(wire::NotifyOk{1}); }

io::CommandResult install(const std::string& repository, const std::string& broker) {
  return run_seaworthy({"hook", "install", repository, "--broker", broker});
}

void commit(const std::string& repository) {
  run_or_fail({"git", "-C", repository, "commit", "-q", "--allow-empty", "-m", "Another one"});
}

bool is_told_of(const FakeBroker& broker, const std::string& repository, size_t times = 1) {
  return eventually([&] {
    const auto asked = broker.asked<wire::Notify>();
    return asked.size() >= times && asked.back().repository == repository;
  });
}

}  // namespace

TEST_CASE("a commit tells the broker of the repository") {
  FakeBroker broker(told);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  auto result = install(folder / "harbour", broker.endpoint());
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.output, Contains(folder / "harbour/.git/hooks/post-commit"));
  commit(folder / "harbour");
  CHECK(is_told_of(broker, folder / "harbour"));
}

TEST_CASE("a push tells the broker of the bare repository") {
  FakeBroker broker(told);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  run_or_fail({"git", "init", "-q", "--bare", folder / "server.git"});
  REQUIRE(install(folder / "server.git", broker.endpoint()).exit_code == 0);
  run_or_fail({"git", "-C", folder / "harbour", "push", "-q", folder / "server.git", "main"});
  CHECK(is_told_of(broker, folder / "server.git"));
}

TEST_CASE("a hook that was there is called first, with its arguments and its input") {
  FakeBroker broker(told);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  run_or_fail({"git", "init", "-q", "--bare", folder / "server.git"});
  const std::string hook = folder / "server.git/hooks/post-receive";
  write_script(hook, "cat > '" + (folder / "input") + "'\n");

  SECTION("installed once") { install(folder / "server.git", broker.endpoint()); }
  SECTION("installed twice") {
    install(folder / "server.git", "tcp://127.0.0.1:1");
    CHECK_THAT(install(folder / "server.git", broker.endpoint()).output, Contains("called first"));
  }
  run_or_fail({"git", "-C", folder / "harbour", "push", "-q", folder / "server.git", "main"});
  CHECK_THAT(content(folder / "input"), Contains("refs/heads/main"));
  CHECK(is_told_of(broker, folder / "server.git"));
}

TEST_CASE("a hook that is replaced by hand after installation is not lost on the next one") {
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  const std::string hook = folder / "harbour/.git/hooks/post-commit";
  write_script(hook, "true\n");
  REQUIRE(install(folder / "harbour", "tcp://127.0.0.1:1").exit_code == 0);
  write_script(hook, "echo newer\n");
  auto result = install(folder / "harbour", "tcp://127.0.0.1:1");
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("join the two by hand"));
  CHECK_THAT(content(hook), Contains("echo newer"));
}

TEST_CASE("a hook neither fails nor delays a commit when no broker is there") {
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  REQUIRE(install(folder / "harbour", "tcp://127.0.0.1:1").exit_code == 0);
  io::Command command;
  command.argv = {"git", "-C", folder / "harbour", "commit", "--allow-empty", "-m", "One"};
  auto result = io::run(command);
  REQUIRE(result);
  CHECK(result->exit_code == 0);
  CHECK(result->error.empty());
}

TEST_CASE("hooks go where core.hooksPath says, and worktrees share them") {
  FakeBroker broker(told);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  run_or_fail({"git", "-C", folder / "harbour", "config", "core.hooksPath", folder / "hooks"});
  run_or_fail({"git", "-C", folder / "harbour", "worktree", "add", "-q", folder / "side"});
  REQUIRE(install(folder / "side", broker.endpoint()).exit_code == 0);
  CHECK(std::filesystem::exists(folder / "hooks/post-commit"));
  commit(folder / "side");
  CHECK(is_told_of(broker, folder / "side"));
}

TEST_CASE("the name that the watcher was given can be told instead of the path") {
  FakeBroker broker(told);
  TemporaryFolder folder;
  make_repository(folder / "harbour");
  REQUIRE(run_seaworthy({"hook", "install", folder / "harbour", "--broker", broker.endpoint(),
                         "--as", "https://example.org/it's"})
              .exit_code == 0);
  commit(folder / "harbour");
  CHECK(is_told_of(broker, "https://example.org/it's"));
}

TEST_CASE("a hook is not installed where there is no repository") {
  TemporaryFolder folder;
  auto result = install(folder.path().string(), "tcp://127.0.0.1:1");
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("not a git repository"));
}
