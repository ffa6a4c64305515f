#include "worker/workspace.h"

#include "shared/git/mirror.h"
#include "tests/shared/git_fixture.h"
#include "tests/support/folder.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

// As the leader does it.
Result<std::string> check_out(const Revision& revision, const fs::path& mirrors,
                              const fs::path& workspace) {
  if (auto made = make_workspace(mirrors, revision, workspace); !made)
    return Unexpected{made.error()};
  io::Command command;
  command.argv = populate_arguments(revision);
  command.environment = populate_environment();
  command.directory = workspace;
  auto populated = io::run(command);
  if (!populated) return Unexpected{populated.error()};
  return complete_workspace(mirrors, revision, workspace, populated->exit_code == 0);
}

struct Checkouts {
  test::TemporaryDirectory directory;
  test::TestRepository repository{directory.path() / "project"};
  fs::path mirrors = directory.path() / "mirrors";
  fs::path workspace = directory.path() / "work/1.1";

  Result<std::string> check_out(const std::string& revision,
                                const std::string& ref = "refs/heads/main") {
    return worker::check_out({directory.path() / "project", ref, revision}, mirrors, workspace);
  }
  git::Mirror mirror() const {
    auto mirror = git::Mirror::open(mirrors, directory.path() / "project");
    REQUIRE(mirror);
    return *mirror;
  }
  std::string git_in_workspace(std::vector<std::string> arguments) {
    io::Command command;
    command.argv = {"git"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.directory = workspace;
    auto result = io::run(command);
    REQUIRE(result);
    INFO(result->error);
    CHECK(result->exit_code == 0);
    return result->output;
  }
};

}  // namespace

TEST_CASE("a revision is checked out, even when the branch has gone on") {
  Checkouts checkouts;
  checkouts.repository.write("folder/file", "old");
  checkouts.repository.write("script", "#!/bin/sh\n");
  fs::permissions(checkouts.directory.path() / "project/script", fs::perms::owner_all);
  const std::string old = checkouts.repository.commit("old");
  checkouts.repository.write("folder/file", "new");
  checkouts.repository.write("another", "new");
  checkouts.repository.commit("new");

  REQUIRE(checkouts.check_out(old));
  CHECK(content(checkouts.workspace / "folder/file") == "old");
  CHECK_FALSE(fs::exists(checkouts.workspace / "another"));
  CHECK((fs::status(checkouts.workspace / "script").permissions() & fs::perms::owner_exec) !=
        fs::perms::none);
}

TEST_CASE("the workspace is a real repository, clean and on its revision") {
  Checkouts checkouts;
  checkouts.repository.write("file", "text");
  const std::string revision = checkouts.repository.commit("one");
  REQUIRE(checkouts.check_out(revision));
  CHECK(checkouts.git_in_workspace({"status", "--porcelain"}).empty());
  CHECK(checkouts.git_in_workspace({"rev-parse", "HEAD"}) == revision + "\n");
  CHECK(checkouts.git_in_workspace({"log", "--format=%s"}) == "one\n");
  CHECK(checkouts.git_in_workspace({"remote", "get-url", "origin"}) ==
        (checkouts.directory.path() / "project").string() + "\n");
}

TEST_CASE("a repository with longer object ids is checked out, too") {
  test::TemporaryDirectory directory;
  test::TestRepository repository(directory.path() / "project", {"--object-format=sha256"});
  repository.write("file", "text");
  const std::string revision = repository.commit("one");
  auto done = check_out({directory.path() / "project", "refs/heads/main", revision},
                        directory.path() / "mirrors", directory.path() / "work");
  INFO((done ? "" : done.error()));
  REQUIRE(done);
  CHECK(content(directory.path() / "work/file") == "text");
}

TEST_CASE("a revision that is in the mirror is checked out while its repository is away") {
  Checkouts checkouts;
  const std::string revision = checkouts.repository.commit("one");
  REQUIRE(checkouts.mirror().fetch({"refs/heads/*"}));
  fs::rename(checkouts.directory.path() / "project", checkouts.directory.path() / "away");
  CHECK(checkouts.check_out(revision));
}

TEST_CASE("a revision of a repository on this machine is checked out without a fetch") {
  Checkouts checkouts;
  checkouts.repository.write("file", "text");
  const std::string revision = checkouts.repository.commit("one");
  REQUIRE(checkouts.check_out(revision));
  CHECK(content(checkouts.workspace / "file") == "text");
  CHECK_FALSE(checkouts.mirror().has(revision));
}

TEST_CASE("submodules are checked out where a revision has them") {
  Checkouts checkouts;
  test::TestRepository part(checkouts.directory.path() / "part");
  part.write("inside", "of the part");
  part.commit("part");
  checkouts.repository.git(
      {"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../part", "sub"});
  const std::string revision = checkouts.repository.commit("with a submodule");
  auto done = checkouts.check_out(revision);
  INFO((done ? "" : done.error()));
  REQUIRE(done);
  CHECK(content(checkouts.workspace / "sub/inside") == "of the part");
}

TEST_CASE("a revision that nobody has is an error that names it and the repository") {
  Checkouts checkouts;
  checkouts.repository.commit("one");
  auto done = checkouts.check_out(std::string(40, 'a'));
  REQUIRE_FALSE(done);
  CHECK(done.error().find(std::string(40, 'a')) != std::string::npos);
  CHECK(done.error().find("project") != std::string::npos);
}

TEST_CASE("what is no commit id is not given to git") {
  Checkouts checkouts;
  auto done = checkouts.check_out("--upload-pack=touch /tmp/x");
  REQUIRE_FALSE(done);
  CHECK(done.error().find("not a full commit id") != std::string::npos);
}

TEST_CASE("hooks of the user's template do not run in a workspace") {
  Checkouts checkouts;
  const std::string revision = checkouts.repository.commit("one");
  REQUIRE(checkouts.check_out(revision));
  CHECK_FALSE(fs::exists(checkouts.workspace / ".git/hooks"));
}

TEST_CASE("a revision with LFS files says when they are only pointers") {
  Checkouts checkouts;
  checkouts.repository.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  const std::string revision = checkouts.repository.commit("one");
  auto done = checkouts.check_out(revision);
  REQUIRE(done);
  io::Command version;
  version.argv = {"git", "lfs", "version"};
  const bool installed = io::run(version)->exit_code == 0;
  CHECK((done->find("Git LFS") != std::string::npos) == !installed);
}

TEST_CASE("a workspace with directories that the job made read-only is removed whole") {
  test::TemporaryDirectory directory;
  const fs::path workspace = directory.path() / "work";
  fs::create_directories(workspace / "a/b");
  std::ofstream(workspace / "a/b/file") << "text";
  fs::create_symlink("/", workspace / "a/root");
  fs::permissions(workspace / "a/b", fs::perms::none);
  fs::permissions(workspace / "a", fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(remove_tree(workspace));
  CHECK_FALSE(fs::exists(workspace));
}

TEST_CASE("removing what is not there is success") { CHECK(remove_tree("/nonexistent/seaworthy")); }

}  // namespace seaworthy::worker
