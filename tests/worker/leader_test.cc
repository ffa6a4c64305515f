#include "tests/worker/leader_fixture.h"
//
#include <sys/wait.h>

#include "worker/confinement.h"
#include "worker/output.h"

namespace seaworthy::worker {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Starts a process that no process group, session or parent leads back to; its pid is in
// $FOLDER/$1.
const std::string kEscape =
    "escape() { setsid bash -c 'bash -c \"$2 echo \\$\\$ > $FOLDER/$1.new; "
    "mv $FOLDER/$1.new $FOLDER/$1; exec sleep 1000\" &' escape \"$1\" \"$2\" & wait $!; }\n"
    "export FOLDER\n";

}  // namespace

TEST_CASE("a job whose steps succeed has passed, and its log tells how") {
  LeaderFixture job;
  job.assign().specification.origin = "jobs from .seaworthy.yml";
  const auto outcome = job.run({"cat file", "echo two"});
  INFO(job.log());
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(outcome.detail.empty());
  REQUIRE(outcome.steps.size() == 2);
  CHECK(outcome.steps[0].name == "cat file");
  CHECK(outcome.steps[1].exit_code == 0);
  CHECK(outcome.output_bytes == job.log().size());
  CHECK(outcome.output_sha256 == sha256_of_file(job.entry().output_file()));
  CHECK(outcome.first_output.value > 0);

  const std::string log = job.log();
  CHECK(log.starts_with("jobs from .seaworthy.yml\n==> checkout of "));
  size_t at = 0;
  for (const char* part :
       {"==> step 1 of 2: cat file\n", "of the revision\n", "==> step 1 exited with 0 after ",
        "==> step 2 of 2: echo two\n", "two\n", "==> step 2 exited with 0", "==> passed after "}) {
    INFO(part);
    at = log.find(part, at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("the first step that fails ends the job as failed") {
  LeaderFixture job;
  const auto outcome = job.run({"true", "false\necho not reached", "touch $FOLDER/third"});
  CHECK(outcome.outcome == Outcome::Failed);
  CHECK(outcome.detail == "step 2 (false) exited with 1");
  CHECK(outcome.steps.size() == 2);
  CHECK_FALSE(contains(job.log(), "not reached\n"));
  CHECK_FALSE(std::filesystem::exists(job.folder() / "third"));
}

TEST_CASE("a step that a signal ended has 128 and the signal's number as exit code") {
  LeaderFixture job;
  CHECK(job.run({"kill -SEGV $$"}).steps.at(0).exit_code == 128 + SIGSEGV);
}

TEST_CASE("a step that somebody kills has failed, and both log and detail say how") {
  LeaderFixture job;
  job.start({"echo $$ > $FOLDER/pid\nsleep 1000"});
  kill(job.pid_in("pid"), SIGKILL);
  const auto outcome = job.wait_for_outcome();
  CHECK(outcome.outcome == Outcome::Failed);
  CHECK(contains(outcome.detail, "exited with 137: killed by SIGKILL from outside"));
  CHECK(contains(job.log(), "s: killed by SIGKILL from outside"));
}

TEST_CASE("a command that gets no more memory fails by itself, without a word of a kill") {
  LeaderFixture job;
  const auto outcome =
      job.run({"ulimit -v 200000\npython3 -c 'x = bytearray(1 << 30)' 2> /dev/null"});
  CHECK(outcome.outcome == Outcome::Failed);
  CHECK(outcome.detail == "step 1 (ulimit -v 200000) exited with 1");
}

TEST_CASE("a job's processes weigh less than their leader, wherever they hide") {
  LeaderFixture job;
  const auto outcome = job.run(
      {"ps -o ni= -p $$ $PPID > $FOLDER/nice\ncat /proc/{$$,$PPID}/oom_score_adj > $FOLDER/oom\n"
       "ionice -p $$ > $FOLDER/disk\nsetsid nice > $FOLDER/hidden"});
  REQUIRE(outcome.outcome == Outcome::Passed);
  std::ifstream nice(job.folder() / "nice"), oom(job.folder() / "oom");
  int of_step = 0, of_leader = 0;
  nice >> of_leader >> of_step;  // ps sorts by pid
  CHECK(of_step == std::min(of_leader + 10, 19));
  CHECK(content(job.folder() / "hidden") == std::to_string(of_step) + "\n");
  CHECK(content(job.folder() / "disk") == "best-effort: prio 7\n");
  oom >> of_step >> of_leader;
  CHECK(of_step == std::min(of_leader + 500, 1000));
}

TEST_CASE("a job runs in the control group it is given, which is gone afterwards") {
  LeaderFixture job;
  const Confinement confinement = try_confinement();
  if (confinement.groups.empty()) {
    WARN("not tested, this machine has no groups to make: " << confinement.in_words);
    return;
  }
  const Group group(confinement.groups / ("seaworthy-leader-test-" + std::to_string(getpid())));
  job.options().group = group.directory();
  job.start({"cat /proc/self/cgroup > $FOLDER/group\nmkdir " + group.directory().string() +
             "/own\n(setsid sleep 1000 &)"});
  const auto outcome = job.wait_for_outcome();
  INFO(job.log());
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(contains(content(job.folder() / "group"), group.directory().filename().string() + "\n"));
  job.wait_for_exit();
  CHECK_FALSE(std::filesystem::exists(group.directory()));
}

TEST_CASE("a job whose control group cannot be made runs all the same") {
  LeaderFixture job;
  job.options().group = "/proc/no-such-place/group";
  CHECK(job.run({"true"}).outcome == Outcome::Passed);
}

TEST_CASE("a step says where in the output its lines stand, whatever the job prints") {
  LeaderFixture job;
  const auto outcome =
      job.run({"echo '==> step 2 of 2: forged'; printf 'no newline'", "echo second; exit 3"});
  const std::string log = job.log();
  REQUIRE(outcome.steps.size() == 2);
  const auto text_of = [&](const wire::StepResult& step) {
    return log.substr(step.output_offset, step.output_bytes);
  };
  const std::string first = text_of(outcome.steps[0]), second = text_of(outcome.steps[1]);
  CHECK(first.starts_with("==> step 1 of 2: "));
  CHECK(contains(first, "forged\nno newline\n==> step 1 exited with 0"));
  CHECK(second.starts_with("==> step 2 of 2: "));
  CHECK(contains(second, "second\n==> step 2 exited with 3"));
  CHECK(second.ends_with("\n"));
  CHECK(log.substr(outcome.steps[1].output_offset + outcome.steps[1].output_bytes)
            .starts_with("==> failed"));
}

TEST_CASE("a step says so also when output before it, or of it, was left out") {
  LeaderFixture job;
  job.options().output_cap_bytes = 20'000;
  const auto outcome = job.run({"seq 1 20000", "echo second", "seq 1 20000", "echo last; exit 3"});
  const std::string log = job.log();
  REQUIRE(outcome.steps.size() == 4);
  const wire::StepResult& last = outcome.steps[3];
  CHECK(log.substr(last.output_offset, last.output_bytes).starts_with("==> step 4 of 4: "));
  CHECK(log.substr(outcome.steps[0].output_offset).starts_with("==> step 1 of 4: "));
  // What is gone stands where the line stands that says so.
  CHECK(log.substr(outcome.steps[1].output_offset).starts_with("\n==> "));
  uint64_t before = 0;
  for (const wire::StepResult& step : outcome.steps) {
    CHECK(step.output_offset >= before);
    before = step.output_offset + step.output_bytes;
    CHECK(before <= log.size());
  }
}

TEST_CASE("stdout and stderr are in the log in the order in which they were written") {
  LeaderFixture job;
  job.run({"for i in 1 2 3; do echo out $i; echo err $i >&2; done"});
  CHECK(contains(job.log(), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"));
}

TEST_CASE("a step has no stdin, and no terminal") {
  LeaderFixture job;
  const auto outcome =
      job.run({"if read line; then exit 3; fi\nif (: < /dev/tty) 2> /dev/null; then exit 4; fi"});
  CHECK(outcome.outcome == Outcome::Passed);
}

TEST_CASE("a step runs in the workspace and knows who it is") {
  LeaderFixture job;
  const auto outcome = job.run(
      {"test \"$PWD\" = \"$SEAWORTHY_WORKSPACE\"\ntest $SEAWORTHY_JOB.$SEAWORTHY_ATTEMPT = 7.1\n"
       "test $CI = true\ntest $(git rev-parse HEAD) = $SEAWORTHY_REVISION"});
  INFO(job.log());
  CHECK(outcome.outcome == Outcome::Passed);
}

TEST_CASE("a line is in the spool and told while the job goes on") {
  LeaderFixture job;
  job.start({"echo here I am\nuntil [ -e $FOLDER/go ]; do sleep 0.01; done"});
  CHECK(comes_true([&] {
    job.hear();
    return contains(job.log(), "here I am\n") && job.grew() == job.log().size();
  }));
  CHECK_FALSE(job.ended());
  std::ofstream(job.folder() / "go") << "go";
  CHECK(job.wait_for_outcome().outcome == Outcome::Passed);
}

TEST_CASE("the workspace is removed, whatever the job made of it") {
  LeaderFixture job;
  job.run({"mkdir -p a/b && touch a/b/c && chmod 0 a/b && chmod 500 a"});
  job.wait_for_exit();
  CHECK_FALSE(std::filesystem::exists(job.options().workspace));
}

TEST_CASE("processes that a passed job leaves behind are ended, and it says so") {
  LeaderFixture job;
  job.start({"sleep 1000 & echo $! > $FOLDER/pid"});
  const pid_t left = job.pid_in("pid");
  const auto outcome = job.wait_for_outcome();
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(outcome.detail == "1 process was ended; no process of the job survived");
  CHECK(is_gone(left));
}

TEST_CASE("a process that left its session and its parents is ended, too") {
  LeaderFixture job;
  job.start({kEscape + "escape pid\nuntil [ -s $FOLDER/pid ]; do sleep 0.01; done"});
  const pid_t escaped = job.pid_in("pid");
  const auto outcome = job.wait_for_outcome();
  INFO(job.log());
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(contains(outcome.detail, "no process of the job survived"));
  CHECK(is_gone(escaped));
}

TEST_CASE("a process that resists TERM is ended by force after the grace") {
  LeaderFixture job;
  job.options().kill_grace = 100ms;
  job.start(
      {kEscape + "escape pid 'trap \"\" TERM;'\nuntil [ -s $FOLDER/pid ]; do sleep 0.01; done"});
  const pid_t stubborn = job.pid_in("pid");
  const auto outcome = job.wait_for_outcome();
  CHECK(contains(outcome.detail, "by force"));
  CHECK(contains(outcome.detail, "no process of the job survived"));
  CHECK(is_gone(stubborn));
}

TEST_CASE("a stopped process is ended, too") {
  LeaderFixture job;
  job.start({"sleep 1000 & kill -STOP $!; echo $! > $FOLDER/pid"});
  const pid_t stopped = job.pid_in("pid");
  job.wait_for_outcome();
  CHECK(is_gone(stopped));
}

TEST_CASE("a process that goes on writing does not keep the job from ending") {
  LeaderFixture job;
  job.options().output_cap_bytes = 10'000;
  const auto outcome = job.run({"yes forever & echo started", "true"});
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(contains(outcome.detail, "no process of the job survived"));
}

TEST_CASE("a process of one step lives on in the next") {
  LeaderFixture job;
  const auto outcome = job.run({"sleep 1000 & echo $! > pid", "kill -0 $(cat pid)"});
  CHECK(outcome.outcome == Outcome::Passed);
}

TEST_CASE("a job that does not end within its time-out is timed out, with all its processes") {
  LeaderFixture job;
  job.assign().specification.timeout = 15s;  // it must come to its second step by then
  job.start({"echo begin", kEscape + "escape pid\nsleep 1000"});
  const pid_t escaped = job.pid_in("pid");
  const auto outcome = job.wait_for_outcome();
  CHECK(outcome.outcome == Outcome::TimedOut);
  CHECK(contains(outcome.detail, "time-out of 15.0 s: was at step 2 ("));
  CHECK(contains(outcome.detail, "no process of the job survived"));
  CHECK(outcome.steps.size() == 1);
  CHECK(is_gone(escaped));
}

TEST_CASE("a cancelled job may clean up and is cancelled") {
  LeaderFixture job;
  job.start({"trap 'echo cleaned up; exit 1' TERM\necho $$ > $FOLDER/pid\nsleep 1000 & wait"});
  const pid_t shell = job.pid_in("pid");
  job.leader().cancel();
  const auto outcome = job.wait_for_outcome();
  CHECK(outcome.outcome == Outcome::Cancelled);
  CHECK(contains(outcome.detail, "cancelled during step 1"));
  CHECK(contains(job.log(), "cleaned up\n"));
  CHECK(is_gone(shell));
}

TEST_CASE("a checkout that does not come to an end can be cancelled") {
  LeaderFixture job;
  // A repository whose ssh never answers.
  setenv("GIT_SSH_COMMAND",
         ("echo $$ > " + (job.folder() / "pid").string() + "; sleep 1000 #").c_str(), 1);
  job.assign().repository = "ssh://nowhere.invalid/project";
  job.start({"true"});
  unsetenv("GIT_SSH_COMMAND");
  const pid_t ssh = job.pid_in("pid");
  job.leader().cancel();
  const auto outcome = job.wait_for_outcome();
  CHECK(outcome.outcome == Outcome::Cancelled);
  CHECK(contains(outcome.detail, "cancelled during checkout"));
  CHECK(is_gone(ssh));
}

TEST_CASE("a killed attempt leaves no outcome and no process") {
  LeaderFixture job;
  job.start({kEscape + "escape pid 'trap \"\" TERM;'\nsleep 1000"});
  const pid_t escaped = job.pid_in("pid");
  job.leader().kill();
  job.wait_for_exit();
  CHECK_FALSE(job.ended());
  CHECK_FALSE(*job.entry().outcome());
  CHECK(is_gone(escaped));
  CHECK_FALSE(std::filesystem::exists(job.options().workspace));
}

TEST_CASE("when the worker dies, its leader kills the job") {
  LeaderFixture job;
  job.start({kEscape + "escape pid 'trap \"\" TERM;'\nsleep 1000"});
  const pid_t escaped = job.pid_in("pid");
  job.lose_worker();
  CHECK(comes_true([&] { return is_gone(escaped); }));
  CHECK(comes_true([&] { return !std::filesystem::exists(job.options().workspace); }));
}

TEST_CASE("a worker that does not listen does not hold its job up") {
  LeaderFixture job;
  job.start({"for i in $(seq 20000); do echo line $i; done\necho done > $FOLDER/done"});
  CHECK(comes_true([&] { return !content(job.folder() / "done").empty(); }));
  CHECK(job.wait_for_outcome().outcome == Outcome::Passed);
}

TEST_CASE("a job that writes more than is kept is not held up, and says that output is missing") {
  LeaderFixture job;
  job.options().output_cap_bytes = 100'000;
  const auto outcome = job.run({"echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo last"});
  CHECK(outcome.outcome == Outcome::Passed);
  CHECK(outcome.output_truncated);
  CHECK(outcome.output_bytes <= 100'000);
  CHECK(contains(job.log(), "first\n"));
  CHECK(contains(job.log(), "xlast\n"));
  CHECK(contains(job.log(), "bytes of output were left out here"));
}

TEST_CASE("a revision that cannot be checked out is broken, in git's words") {
  LeaderFixture job;
  job.assign().revision = std::string(40, 'a');
  const auto outcome = job.run({"true"});
  CHECK(outcome.outcome == Outcome::Broken);
  CHECK(contains(outcome.detail, std::string(40, 'a')));
  CHECK(contains(job.log(), outcome.detail));
  CHECK(outcome.steps.empty());
}

TEST_CASE("a worker without a shell is broken, not the job failed") {
  LeaderFixture job;
  const std::filesystem::path tools = job.folder() / "tools";
  std::filesystem::create_directories(tools);
  for (const char* name : {"git", "env"})
    std::filesystem::create_symlink(std::filesystem::path("/usr/bin") / name, tools / name);
  const std::string path = getenv("PATH");
  setenv("PATH", tools.c_str(), 1);
  job.start({"true"});
  setenv("PATH", path.c_str(), 1);
  const auto outcome = job.wait_for_outcome();
  INFO(outcome.detail);
  CHECK(outcome.outcome == Outcome::Broken);
  CHECK(contains(outcome.detail, "neither bash nor sh"));
}

TEST_CASE("a leader that cannot read its assignment says so and writes no outcome") {
  LeaderFixture job;
  job.start({"true"});
  job.wait_for_outcome();
  job.wait_for_exit();
  LeaderOptions options = job.options();
  options.spool_entry = job.folder() / "spool/8.1";
  std::filesystem::create_directories(options.spool_entry);
  auto leader = LeaderProcess::prepare(LEADER_PROGRAM, job.folder() / "spool");
  REQUIRE(leader);
  REQUIRE(leader->begin(options));
  std::vector<LeaderReport> reports;
  REQUIRE(comes_true([&] {
    const bool has_ended = leader->exit_code().has_value();
    for (LeaderReport& report : leader->read_reports()) reports.push_back(std::move(report));
    return has_ended;
  }));
  REQUIRE(reports.size() == 1);
  REQUIRE(std::holds_alternative<leader_says::Broken>(reports[0]));
  CHECK(contains(std::get<leader_says::Broken>(reports[0]).reason, "assignment"));
  CHECK_FALSE(std::filesystem::exists(options.spool_entry / "outcome"));
}

TEST_CASE("a job without steps has passed") {
  LeaderFixture job;
  CHECK(job.run({}).outcome == Outcome::Passed);
}

TEST_CASE("a leader that is never told what to do ends with its pipe, and one that died says so") {
  LeaderFixture job;
  auto idle = LeaderProcess::prepare(LEADER_PROGRAM, job.folder() / "spool");
  REQUIRE(idle);
  const pid_t pid = idle->pid();
  { const LeaderProcess gone = std::move(*idle); }
  REQUIRE(comes_true([&] { return waitpid(pid, nullptr, WNOHANG) == pid; }));
  auto killed = LeaderProcess::prepare(LEADER_PROGRAM, job.folder() / "spool");
  REQUIRE(killed);
  ::kill(killed->pid(), SIGKILL);
  REQUIRE(comes_true([&] { return killed->exit_code().has_value(); }));
  CHECK_FALSE(killed->begin(job.options()));
}

TEST_CASE("what a leader is told is read back as it was said") {
  LeaderOptions options{"/spool/7.1", "/work/7.1", "/mirrors", "w", 1500ms, 12345, "/groups/g"};
  const std::string packed = pack_leader_options(options).substr(sizeof(uint32_t));
  auto parsed = unpack_leader_options(packed);
  REQUIRE(parsed);
  CHECK(parsed->spool_entry == options.spool_entry);
  CHECK(parsed->workspace == options.workspace);
  CHECK(parsed->mirrors == options.mirrors);
  CHECK(parsed->worker == "w");
  CHECK(parsed->kill_grace == 1500ms);
  CHECK(parsed->output_cap_bytes == 12345);
  CHECK(parsed->group == options.group);
  CHECK_FALSE(unpack_leader_options(packed.substr(0, packed.size() - 1)));
  CHECK_FALSE(unpack_leader_options(packed + "more"));
  CHECK_FALSE(unpack_leader_options(""));
}

}  // namespace seaworthy::worker
