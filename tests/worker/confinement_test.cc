// What a job's processes are given less of, control groups where this machine has them, and how a
// kill for lack of memory is told.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/support/catch.h"
#include "tests/support/folder.h"
#include "worker/confinement.h"
#include "worker/leader/oom.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kKilled = 128 + SIGKILL;

OomKills counted(uint64_t count, bool only_of_job) { return {count, only_of_job}; }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A process that waits for ever in the group. Its id once it is there.
pid_t waits_in(const Group& group) {
  int ends[2] = {};
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const char word = group.enter() ? 'y' : 'n';
    if (write(ends[1], &word, 1) == 1)
      for (;;) pause();
    _exit(1);
  }
  char word = 0;
  REQUIRE(read(ends[0], &word, 1) == 1);
  close(ends[0]), close(ends[1]);
  CHECK(word == 'y');
  return child;
}

}  // namespace

TEST_CASE("a process that takes a back seat is nicer than its parent, and goes first") {
  const int own = getpriority(PRIO_PROCESS, 0);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const Weights done = take_a_back_seat();
    std::ifstream file("/proc/self/oom_score_adj");
    int score = 0;
    file >> score;
    const bool nicer = getpriority(PRIO_PROCESS, 0) > own || own == 19;
    _exit(done.cpu && done.memory && nicer && score >= 500 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(getpriority(PRIO_PROCESS, 0) == own);
}

TEST_CASE("what holds for jobs is said in one line, with the reason where there are no groups") {
  const Confinement confinement = try_confinement();
  INFO(confinement.in_words);
  CHECK(contains(confinement.in_words, "jobs run with nice +10"));
  CHECK_FALSE(contains(confinement.in_words, "\n"));
  CHECK(contains(confinement.in_words, "no control groups: ") == confinement.groups.empty());
}

TEST_CASE("a group kills all its processes and is removed with the groups inside") {
  const Confinement confinement = try_confinement();
  if (confinement.groups.empty()) {
    WARN("not tested, this machine has no groups to make: " << confinement.in_words);
    return;
  }
  const Group outer(confinement.groups / ("seaworthy-test-" + std::to_string(getpid())));
  const Group inner(outer.directory() / "inner");
  REQUIRE(outer.make());
  REQUIRE(inner.make());
  const pid_t first = waits_in(outer), second = waits_in(inner);
  outer.remove();
  int status = 0;
  for (pid_t pid : {first, second}) {
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
  }
  CHECK_FALSE(fs::exists(outer.directory()));
}

TEST_CASE("a process that is born in a group is in it at once, and runs where there is none") {
  for (const Group& none : {Group(), Group("/proc/no-such-place/group")}) {
    const pid_t child = none.fork_into();
    if (child == 0) _exit(7);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 7);
  }
  const Confinement confinement = try_confinement();
  if (confinement.groups.empty()) {
    WARN("not tested, this machine has no groups to make: " << confinement.in_words);
    return;
  }
  const Group group(confinement.groups / ("seaworthy-test-born-" + std::to_string(getpid())));
  REQUIRE(group.make());
  const pid_t child = group.fork_into();
  if (child == 0)
    for (;;) pause();
  CHECK(content(group.directory() / "cgroup.procs") == std::to_string(child) + "\n");
  CHECK(::kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, nullptr, 0) == child);
  group.remove();
  CHECK_FALSE(fs::exists(group.directory()));
}

TEST_CASE("a group that cannot be made is an error with the reason, and no group is none") {
  const auto made = Group("/proc/no-such-place/group").make();
  REQUIRE_FALSE(made);
  CHECK(contains(made.error(), "/proc/no-such-place/group"));
  CHECK(Group().make());
  CHECK_FALSE(Group().enter());
  CHECK_FALSE(Group().oom_kills());
  Group().kill();
  Group().remove();
}

TEST_CASE("the kills for lack of memory are read from the group's events") {
  Folder folder;
  const Group group(folder.path());
  CHECK_FALSE(group.oom_kills());
  CHECK_FALSE(count_oom_kills(group).only_of_job);
  std::ofstream(folder.path() / "memory.events") << "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n";
  CHECK(group.oom_kills() == 5u);
  CHECK(count_oom_kills(group).only_of_job);
}

TEST_CASE("a step that ended by itself was not killed") {
  CHECK(why_killed(0, counted(1, true), counted(2, true)).empty());
  CHECK(why_killed(1, counted(1, true), counted(1, true)).empty());
  CHECK(why_killed(1, {}, {}).empty());
}

TEST_CASE("a kill for lack of memory is told where it was counted") {
  const std::string told = "killed by the system for lack of memory (OOM)";
  CHECK(why_killed(kKilled, counted(1, false), counted(2, false)) == told);
  CHECK(why_killed(kKilled, counted(1, true), counted(2, true)) == told);
  // A compiler below it was killed, and the step made its own exit code of that.
  CHECK(why_killed(2, counted(1, true), counted(2, true)) == told);
  CHECK(contains(why_killed(2, counted(1, false), counted(2, false)), "a process of this host"));
}

TEST_CASE("a kill from outside is not blamed on the memory unless nobody knows") {
  CHECK(contains(why_killed(kKilled, counted(1, false), counted(1, false)), "not by the system"));
  CHECK(contains(why_killed(kKilled, {}, {}), "often the system's out-of-memory killer"));
}

}  // namespace seaworthy::worker
