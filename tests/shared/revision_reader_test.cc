#include "shared/git/revision_reader.h"

#include <algorithm>

#include "shared/git/mirror.h"
#include "shared/git/new_revisions.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"
#include "tests/shared/git_fixture.h"

using namespace seaworthy;
using test::TemporaryDirectory;
using test::TestRepository;

namespace {

struct DescribedRevisions {
  TemporaryDirectory temporary;
  TestRepository remote{temporary.path() / "project"};

  git::Mirror mirror() const {
    auto mirror = git::Mirror::open(temporary.path() / "mirrors", remote.name());
    REQUIRE(mirror);
    REQUIRE(mirror->fetch({"refs/heads/*"}));
    return *mirror;
  }
  git::RevisionReader::Description describe(const std::string& revision) const {
    git::RevisionReader reader(mirror().directory());
    auto description = reader.describe(revision);
    INFO((description ? std::string() : description.error()));
    REQUIRE(description);
    return *description;
  }
  std::vector<std::string> new_revisions(const std::string& tip,
                                         const std::vector<std::string>& submitted) const {
    auto revisions = git::new_revisions(mirror(), tip, submitted);
    REQUIRE(revisions);
    return *revisions;
  }
};

using Revisions = std::vector<std::string>;
const std::string kNowhere(40, '5');

}  // namespace

TEST_CASE_METHOD(DescribedRevisions,
                 "a revision is described by its subject, author and pipeline") {
  remote.write(".seaworthy.yml", "run: make\n");
  std::string revision = remote.commit("Add a thing\n\nBecause.");
  auto description = describe(revision);
  CHECK(description.subject == "Add a thing");
  CHECK(description.author == "A. Author <author@example.org>");
  REQUIRE(description.pipeline.jobs.size() == 1);
  CHECK(description.pipeline.jobs[0].steps[0].run == "make");
}

TEST_CASE("a repository of this machine is read before it is fetched, whatever its path") {
  TemporaryDirectory temporary;
  TestRepository remote(temporary.path() / "a:b \"c\" \\ d");
  const std::string old = remote.commit("old");
  auto mirror = git::Mirror::open(temporary.path() / "mirrors", remote.name());
  REQUIRE(mirror);
  REQUIRE(mirror->fetch({"refs/heads/*"}));
  const std::string other = remote.commit("other"), tip = remote.commit("tip");
  git::RevisionReader reader(mirror->directory(), mirror->environment_for_reading());
  CHECK(reader.chain(tip, old) == Revisions{tip, other});
  CHECK(reader.describe(tip)->subject == "tip");
  CHECK(git::new_revisions(*mirror, tip, {other}).value() == Revisions{tip});
  CHECK_FALSE(mirror->has(tip));
}

TEST_CASE_METHOD(DescribedRevisions, "a revision that lacks a file is an error, not one without") {
  remote.write(".seaworthy.yml", "run: one\n");
  const std::string revision = remote.commit("one");
  const git::Mirror all = mirror();
  auto file = git::run_git(all.directory(), {"rev-parse", revision + ":.seaworthy.yml"});
  REQUIRE(file);
  const std::string id = file->output.substr(0, 40);
  std::filesystem::remove(all.directory() / "objects" / id.substr(0, 2) / id.substr(2));
  git::RevisionReader reader(all.directory());
  auto described = reader.describe(revision);
  REQUIRE_FALSE(described);
  CHECK(described.error().find(id) != std::string::npos);
}

TEST_CASE_METHOD(DescribedRevisions, "each revision has the pipeline of its own files") {
  remote.write(".seaworthy.yml", "run: one\n");
  std::string one = remote.commit("one");
  remote.write(".seaworthy.yml", "run: two\n");
  std::string two = remote.commit("two");
  remote.git({"rm", "--quiet", ".seaworthy.yml"});
  remote.write("tests/test_a.py", "import unittest\n");
  std::string three = remote.commit("three");
  git::RevisionReader reader(mirror().directory());
  CHECK(reader.describe(one)->pipeline.jobs[0].steps[0].run == "one");
  CHECK(reader.describe(two)->pipeline.jobs[0].steps[0].run == "two");
  CHECK(reader.describe(one)->pipeline.jobs[0].steps[0].run == "one");
  CHECK(reader.describe(three)->pipeline.jobs[0].origin.find("tests/") != std::string::npos);
}

TEST_CASE_METHOD(DescribedRevisions, "an empty tree and a symbolic link are understood") {
  CHECK(describe(remote.commit("nothing")).pipeline.decided->verdict == Verdict::Skipped);
  remote.write("ci/pipeline.yml", "run: linked\n");
  std::filesystem::create_symlink("ci/pipeline.yml", remote.directory() / ".seaworthy.yml");
  CHECK(describe(remote.commit("linked")).pipeline.jobs[0].steps[0].run == "linked");
  std::filesystem::remove(remote.directory() / ".seaworthy.yml");
  std::filesystem::create_symlink(".seaworthy.yml", remote.directory() / ".seaworthy.yml");
  CHECK(describe(remote.commit("circle")).pipeline.decided->verdict == Verdict::Failed);
}

TEST_CASE_METHOD(DescribedRevisions, "a pipeline through a link changes with what it leads to") {
  std::filesystem::create_symlink("real.yml", remote.directory() / ".seaworthy.yml");
  remote.write("real.yml", "run: one\n");
  std::string one = remote.commit("one");
  remote.write("real.yml", "run: two\n");
  std::string two = remote.commit("two");
  git::RevisionReader reader(mirror().directory());
  CHECK(reader.describe(one)->pipeline.jobs[0].steps[0].run == "one");
  CHECK(reader.describe(two)->pipeline.jobs[0].steps[0].run == "two");
}

TEST_CASE_METHOD(DescribedRevisions,
                 "a revision that is not there is an error, and the reader goes on") {
  std::string first = remote.commit("first");
  git::RevisionReader reader(mirror().directory());
  auto missing = reader.describe(kNowhere);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().find(kNowhere) != std::string::npos);
  CHECK(reader.describe(first));
}

TEST_CASE_METHOD(DescribedRevisions, "a reader sees what was fetched after it started") {
  std::string first = remote.commit("first");
  git::RevisionReader reader(mirror().directory());
  CHECK(reader.describe(first));
  std::string second = remote.commit("second");
  mirror();
  CHECK(reader.describe(second)->subject == "second");
}

TEST_CASE("texts of commits become one line of valid UTF-8") {
  CHECK(git::printable("a\tb\x1b[31m", 100) == "a b [31m");
  CHECK(git::printable("\xe4", 100) == "\xef\xbf\xbd");
  CHECK(git::printable("\xc3\xa4\xc3\xa4", 3) == "\xc3\xa4");
  auto commit = git::parse_commit("tree 1234\nauthor \xe4 <x@y> 1 +0000\n\n\n subject\nbody");
  CHECK(commit.tree == "1234");
  CHECK(commit.author == "\xef\xbf\xbd <x@y>");
  CHECK(commit.subject == " subject");
  CHECK(git::parse_commit("").subject.empty());
  CHECK(git::parse_commit("author nobody\n").author == "nobody");
  CHECK(git::parse_tree("100644 a", 20).empty());
}

TEST_CASE_METHOD(DescribedRevisions, "ten thousand commits are listed and described in seconds") {
  remote.write(".seaworthy.yml", "run: make\n");
  std::string first = remote.commit("first");
  Revisions made = remote.commit_many(10'000, "refs/heads/main");
  git::Mirror fetched = mirror();
  const Instant started = io::now();
  auto revisions = git::new_revisions(fetched, made.front(), {first});
  REQUIRE(revisions);
  CHECK(*revisions == made);
  git::RevisionReader reader(fetched.directory());
  size_t described = 0;
  for (const std::string& revision : *revisions) described += reader.describe(revision) ? 1u : 0u;
  CHECK(described == 10'000);
  CHECK(io::now() - started < std::chrono::seconds(20));  // in fact about one
}

TEST_CASE_METHOD(DescribedRevisions, "new commits come newest first, without what was submitted") {
  std::string a = remote.commit("a"), b = remote.commit("b"), c = remote.commit("c");
  CHECK(new_revisions(c, {a}) == Revisions{c, b});
  CHECK(new_revisions(c, {c}).empty());
}

TEST_CASE_METHOD(DescribedRevisions,
                 "after a force push new are those that the old tip did not have") {
  std::string a = remote.commit("a"), b = remote.commit("b");
  mirror();
  remote.git({"reset", "--quiet", "--hard", a});
  std::string c = remote.commit("c"), d = remote.commit("d");
  CHECK(new_revisions(d, {b}) == Revisions{d, c});
  remote.git({"reset", "--quiet", "--hard", a});
  CHECK(new_revisions(a, {d}).empty());
}

TEST_CASE_METHOD(DescribedRevisions, "a merge brings the commits of both sides, children first") {
  std::string a = remote.commit("a");
  remote.git({"checkout", "--quiet", "-b", "side"});
  std::string s = remote.commit("s");
  remote.git({"checkout", "--quiet", "main"});
  std::string b = remote.commit("b");
  remote.git({"merge", "--quiet", "--no-ff", "-m", "m", "side"});
  std::string m = remote.tip();
  Revisions revisions = new_revisions(m, {a});
  REQUIRE(revisions.size() == 3);
  CHECK(revisions[0] == m);
  CHECK(std::count(revisions.begin(), revisions.end(), s) == 1);
  CHECK(std::count(revisions.begin(), revisions.end(), b) == 1);
}

TEST_CASE_METHOD(DescribedRevisions, "where the old tip is unknown only the tip can be said") {
  remote.commit("a");
  std::string b = remote.commit("b");
  CHECK(new_revisions(b, {kNowhere}) == Revisions{b});
  CHECK(new_revisions(b, {}) == Revisions{b});
  CHECK(new_revisions(b, {"--all", ""}) == Revisions{b});
}

TEST_CASE_METHOD(DescribedRevisions, "unknown submitted revisions do not hide known ones") {
  std::string a = remote.commit("a"), b = remote.commit("b"), c = remote.commit("c");
  CHECK(new_revisions(c, {kNowhere, a}) == Revisions{c, b});
}

TEST_CASE_METHOD(DescribedRevisions,
                 "a chain of commits is told without git's list, and only what is one") {
  const std::string a = remote.commit("a"), b = remote.commit("b"), c = remote.commit("c");
  git::RevisionReader reader(mirror().directory());
  CHECK(reader.chain(c, a) == Revisions{c, b});
  CHECK(reader.chain(c, c) == Revisions{});
  CHECK_FALSE(reader.chain(a, c));
  CHECK_FALSE(reader.chain(kNowhere, a));
  for (int i = 0; i < 20; ++i) remote.commit("more");
  const std::string far = remote.tip();
  git::RevisionReader later(mirror().directory());
  CHECK_FALSE(later.chain(far, a));
}
