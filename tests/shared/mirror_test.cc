#include "shared/git/mirror.h"

#include <sys/eventfd.h>

#include "shared/git/mirror_names.h"
#include "shared/io/clock.h"
#include "shared/io/fd.h"
#include "tests/shared/git_fixture.h"

namespace fs = std::filesystem;
using namespace seaworthy;
using test::TemporaryDirectory;
using test::TestRepository;

namespace {

const std::vector<std::string> kHeads{"refs/heads/*"};

struct Fixture {
  TemporaryDirectory temporary;
  TestRepository remote{temporary.path() / "project"};

  git::Mirror mirror_of(const std::string& repository) const {
    auto mirror = git::Mirror::open(temporary.path() / "mirrors", repository);
    REQUIRE(mirror);
    return *mirror;
  }
  git::Mirror mirror() const { return mirror_of(remote.name()); }
};

std::map<std::string, std::string> fetched_refs(const git::Mirror& mirror,
                                                const std::vector<std::string>& globs = kHeads) {
  auto fetched = mirror.fetch(globs);
  INFO((fetched ? std::string() : fetched.error()));
  REQUIRE(fetched);
  auto refs = mirror.refs(globs);
  REQUIRE(refs);
  return *refs;
}

using Refs = std::map<std::string, std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "a mirror has the branches of its repository and their tips") {
  std::string first = remote.commit("first");
  remote.git({"branch", "topic/deep"});
  std::string second = remote.commit("second");
  CHECK(fetched_refs(mirror()) ==
        Refs{{"refs/heads/main", second}, {"refs/heads/topic/deep", first}});
  CHECK(mirror().has(first));
  CHECK_FALSE(mirror().has(std::string(40, '0')));
}

TEST_CASE_METHOD(Fixture, "a mirror of an empty repository has no refs") {
  CHECK(fetched_refs(mirror()).empty());
  std::string first = remote.commit("first");
  CHECK(fetched_refs(mirror()) == Refs{{"refs/heads/main", first}});
}

TEST_CASE_METHOD(Fixture, "a deleted branch leaves the mirror and may come back as a folder") {
  remote.commit("first");
  remote.git({"branch", "topic"});
  CHECK(fetched_refs(mirror()).size() == 2);
  remote.git({"branch", "-D", "topic"});
  CHECK(fetched_refs(mirror()).size() == 1);
  remote.git({"branch", "topic/one"});
  CHECK(fetched_refs(mirror()).contains("refs/heads/topic/one"));
}

TEST_CASE_METHOD(Fixture, "what a force push removed stays readable in the mirror") {
  remote.commit("kept");
  std::string removed = remote.commit("removed");
  fetched_refs(mirror());
  remote.git({"reset", "--quiet", "--hard", "HEAD^"});
  std::string instead = remote.commit("instead");
  CHECK(fetched_refs(mirror()) == Refs{{"refs/heads/main", instead}});
  CHECK(mirror().has(removed));
}

TEST_CASE_METHOD(Fixture, "tags are peeled to their commits, and only watched when asked for") {
  std::string first = remote.commit("first");
  remote.git({"tag", "light"});
  remote.git({"tag", "-a", "-m", "annotated", "heavy"});
  remote.git({"tag", "-a", "-m", "of a tag", "heavier", "heavy"});
  remote.git({"tag", "of-a-tree", "HEAD^{tree}"});
  CHECK(fetched_refs(mirror()).size() == 1);
  CHECK(fetched_refs(mirror(), {"refs/tags/*"}) ==
        Refs{{"refs/tags/light", first}, {"refs/tags/heavy", first}, {"refs/tags/heavier", first}});
}

TEST_CASE_METHOD(Fixture, "a ref may be named without a star, there or not") {
  std::string first = remote.commit("first");
  remote.git({"branch", "main2"});
  CHECK(fetched_refs(mirror(), {"refs/heads/main"}) == Refs{{"refs/heads/main", first}});
  CHECK(fetched_refs(mirror(), {"refs/heads/none"}).empty());
}

TEST_CASE_METHOD(Fixture, "a star may stand inside a ref glob") {
  std::string first = remote.commit("first");
  remote.git({"update-ref", "refs/pull/7/head", first});
  remote.git({"update-ref", "refs/pull/7/merge", first});
  CHECK(fetched_refs(mirror(), {"refs/pull/*/head"}) == Refs{{"refs/pull/7/head", first}});
}

TEST_CASE_METHOD(Fixture, "a ref glob that git would not understand is refused with advice") {
  for (const char* glob :
       {"main", "refs/", "refs/*/x/*", "refs/heads/a b", "refs/heads/..", "-x"}) {
    auto fetched = mirror().fetch({glob});
    INFO(glob);
    REQUIRE_FALSE(fetched);
    CHECK(fetched.error().find("refs/heads/*") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a repository that is not there is an error that says what to do") {
  auto mirror = mirror_of((temporary.path() / "nowhere").string());
  auto fetched = mirror.fetch(kHeads);
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().find("nowhere") != std::string::npos);
  CHECK(fetched.error().find("there is no such directory") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "an address without a server is an error, not a wait") {
  auto fetched = mirror_of("http://127.0.0.1:9/x.git").fetch(kHeads);
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().find("http://127.0.0.1:9/x.git") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a repository whose name looks like an option is a repository") {
  auto fetched = mirror_of("--upload-pack=touch pwned").fetch(kHeads);
  CHECK_FALSE(fetched);
  CHECK_FALSE(fs::exists("pwned"));
}

TEST_CASE_METHOD(Fixture, "a fetch that was interrupted ends at once") {
  remote.commit("first");
  io::Fd interrupt(eventfd(1, EFD_CLOEXEC));
  auto fetched = mirror().fetch(kHeads, {Duration{60'000}, interrupt.get()});
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().find("interrupted") != std::string::npos);
}

TEST_CASE_METHOD(Fixture,
                 "the default branch is the one that HEAD names in the repository itself") {
  remote.commit("first");
  const git::Mirror made = mirror();
  CHECK(made.default_branch() == "refs/heads/main");
  remote.git({"checkout", "--quiet", "-b", "trunk"});
  CHECK(made.default_branch() == "refs/heads/trunk");
  remote.git({"checkout", "--quiet", "--detach"});
  CHECK_FALSE(made.default_branch());
  CHECK_FALSE(mirror_of((temporary.path() / "nowhere").string()).default_branch());
}

TEST_CASE_METHOD(Fixture, "a half-made mirror is made anew") {
  std::string first = remote.commit("first");
  git::Mirror made = mirror();
  fetched_refs(made);
  fs::remove(made.directory() / "HEAD");
  CHECK(fetched_refs(mirror()) == Refs{{"refs/heads/main", first}});
}

TEST_CASE_METHOD(Fixture, "a mirror whose objects were lost is made anew") {
  remote.commit("first");
  git::Mirror made = mirror();
  fetched_refs(made);
  for (const auto& entry : fs::directory_iterator(made.directory() / "objects"))
    fs::remove_all(entry.path());
  std::string second = remote.commit("second");
  CHECK(fetched_refs(made) == Refs{{"refs/heads/main", second}});
  CHECK(made.has(second));
}

TEST_CASE_METHOD(Fixture, "a lock that a killed git left behind is removed") {
  std::string first = remote.commit("first");
  git::Mirror made = mirror();
  fs::create_directories(made.directory() / "refs/heads");
  fs::path lock = made.directory() / "refs/heads/main.lock";
  std::ofstream{lock};
  fs::last_write_time(lock, fs::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(fetched_refs(made) == Refs{{"refs/heads/main", first}});
}

TEST_CASE_METHOD(Fixture, "a repository with SHA-256 ids is mirrored too") {
  TestRepository modern(temporary.path() / "modern", {"--object-format=sha256"});
  std::string first = modern.commit("first");
  REQUIRE(first.size() == 64);
  CHECK(fetched_refs(mirror_of(modern.name())) == Refs{{"refs/heads/main", first}});
}

TEST_CASE_METHOD(Fixture, "a shallow clone can be mirrored") {
  remote.commit("first");
  std::string second = remote.commit("second");
  remote.git({"clone", "--quiet", "--depth=1", "file://" + remote.name(),
              (temporary.path() / "shallow").string()});
  CHECK(fetched_refs(mirror_of((temporary.path() / "shallow").string())) ==
        Refs{{"refs/heads/main", second}});
}

TEST_CASE_METHOD(Fixture, "one revision can be fetched by its ref, and when no branch has it") {
  remote.commit("first");
  std::string second = remote.commit("second");
  CHECK(mirror().fetch_revision(second, "refs/heads/main"));
  CHECK(mirror().has(second));
  remote.git({"checkout", "--quiet", "--detach"});
  std::string loose = remote.commit("on a ref of its own");
  remote.git({"update-ref", "refs/odd/one", loose});
  CHECK(mirror().fetch_revision(loose, "refs/odd/one"));
  auto missing = mirror().fetch_revision(std::string(40, '1'), "refs/heads/main");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().find("cannot find the revision 1111") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "names, tags, abbreviated ids and HEAD resolve to a commit") {
  std::string first = remote.commit("first");
  remote.git({"tag", "-a", "-m", "annotated", "v1"});
  fetched_refs(mirror(), {"refs/heads/*", "refs/tags/*"});
  for (const std::string& name : {std::string("main"), std::string("v1"), first.substr(0, 8),
                                  std::string("HEAD"), std::string("refs/heads/main")}) {
    auto resolved = mirror().resolve(name);
    INFO(name);
    REQUIRE(resolved);
    CHECK(*resolved == first);
  }
  CHECK_FALSE(mirror().resolve("--all"));
  CHECK_FALSE(mirror().resolve("nothing-of-that-name"));
  CHECK_FALSE(mirror().resolve(""));
}

TEST_CASE_METHOD(Fixture, "variables that git sets for hooks do not lead a mirror astray") {
  std::string first = remote.commit("first");
  setenv("GIT_DIR", "/nonexistent", 1);
  setenv("GIT_OBJECT_DIRECTORY", "/nonexistent", 1);
  Refs refs;
  git::Mirror made = mirror();
  bool fetched = made.fetch(kHeads).has_value();
  auto listed = made.refs(kHeads);
  unsetenv("GIT_DIR"), unsetenv("GIT_OBJECT_DIRECTORY");
  CHECK(fetched);
  REQUIRE(listed);
  CHECK(*listed == Refs{{"refs/heads/main", first}});
}

TEST_CASE_METHOD(Fixture, "every spelling of a local repository is one repository") {
  std::string canonical = git::canonical_repository(remote.name());
  CHECK(git::canonical_repository(remote.name() + "/") == canonical);
  CHECK(git::canonical_repository(remote.name() + "/.git") == canonical);
  fs::create_directory_symlink(remote.directory(), temporary.path() / "link");
  CHECK(git::canonical_repository((temporary.path() / "link").string()) == canonical);
  CHECK(git::canonical_repository("not/yet/there") ==
        (fs::canonical(".") / "not/yet/there").string());
}

TEST_CASE("a URL only loses its trailing slashes") {
  CHECK(git::canonical_repository("https://example.org/a.git//") == "https://example.org/a.git");
  CHECK(git::canonical_repository("git@example.org:a/b.git") == "git@example.org:a/b.git");
}

TEST_CASE("repositories have short names for people") {
  CHECK(git::short_name("https://example.org/my-project.git") == "my-project");
  CHECK(git::short_name("/home/me/project") == "project");
  CHECK(git::short_name("git@example.org:project.git") == "project");
  CHECK(git::short_name("/") == "repository");
}

TEST_CASE("mirrors of repositories with one short name have different names") {
  CHECK(git::mirror_name("/a/x") != git::mirror_name("/b/x"));
  CHECK(git::mirror_name("/a/x").starts_with("x-"));
  CHECK(git::mirror_name("/a/../..").find('/') == std::string::npos);
}
