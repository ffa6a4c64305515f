// `seaworthy up` with stand-ins for its children: scripts beside a copy of the program, and a
// broker in this process. What the children do is written to a file, line by line.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

std::optional<wire::Envelope> one_verdict(const wire::Message& message) {
  const auto* fetch = std::get_if<wire::FetchEvents>(&message);
  if (fetch == nullptr) return std::nullopt;
  if (!fetch->after) return answer(wire::Events{{6}, {}});
  if (fetch->after->value >= 7) return std::nullopt;
  wire::EventRow verdict = an_event(7, wire::EventKind::BuildFinished);
  verdict.detail = "passed";
  verdict.duration_ms = 3'200;
  return answer(wire::Events{{7}, {verdict}});
}

class Up {
 public:
  Up() {
    make_repository(folder_ / "harbour");
    std::filesystem::copy_file(seaworthy_binary(), folder_ / "bin/seaworthy",
                               std::filesystem::copy_options::none);
  }

 private:
  struct Prepared {
    explicit Prepared(const TemporaryFolder& folder) {
      std::filesystem::create_directories(folder / "bin");
    }
  };
  TemporaryFolder folder_;
  Prepared prepared_{folder_};

 public:
  FakeBroker broker{one_verdict};

  // Says when it starts and when it is told to stop, and goes then.
  static std::string obedient(const std::string& name, const std::string& story) {
    return "trap 'echo " + name + " stopped >> \"" + story + "\"; exit 0' TERM\n" + "echo \"" +
           name + " started $*\" >> '" + story + "'\n" + "while :; do sleep 0.05; done\n";
  }

  std::string announcement() const {
    return "echo '{\"listen\":\"" + broker.endpoint() + "\",\"pid\":1}' >&3\nexec 3>&-\n";
  }

  void start(Words words = {}) {
    write_script(folder_ / "bin/seaworthy-broker",
                 announcement() + obedient("broker", story_file()));
    write_default("seaworthy-worker", obedient("worker", story_file()));
    write_default("seaworthy-watcher", obedient("watcher", story_file()));
    write_default("seaworthy-reporter",
                  "echo '{\"listen\":\"127.0.0.1:4711\",\"pid\":1}' >&3\nexec 3>&-\n" +
                      obedient("reporter", story_file()));
    output_ =
        io::Fd(open((folder_ / "output").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    io::Spawn what;
    what.argv = {folder_ / "bin/seaworthy",
                 "up",
                 "--state",
                 folder_ / "state",
                 "--workers",
                 "1",
                 "--listen",
                 "127.0.0.1:0",
                 folder_ / "harbour"};
    what.argv.insert(what.argv.end(), words.begin(), words.end());
    what.stdout_fd = what.stderr_fd = output_.get();
    auto child = io::spawn(what);
    REQUIRE(child);
    child_ = std::move(*child);
  }
  ~Up() {
    if (child_.pid <= 0 || ended_) return;
    // Its children write as they end: the folder goes after that.
    kill(child_.pid, SIGTERM);
    pollfd polled{child_.pidfd.get(), POLLIN, 0};
    if (poll(&polled, 1, 60'000) <= 0) kill(child_.pid, SIGKILL);
    io::reap(child_);
  }
  Up(const Up&) = delete;
  Up& operator=(const Up&) = delete;

  void replace(const std::string& program, const std::string& script) {
    write_script(folder_ / ("bin/" + program), script);
  }
  void signal(int number) const { REQUIRE(kill(child_.pid, number) == 0); }
  int wait() {
    ended_ = true;
    return io::reap(child_);
  }
  void wait_until_started() const { REQUIRE(story_has("watcher started")); }

  std::string story() const { return content(story_file()); }
  bool story_has(const std::string& text) const {
    return eventually([&] { return story().find(text) != std::string::npos; });
  }
  std::string output() const { return content(folder_ / "output"); }
  bool says(const std::string& text) const {
    return eventually([&] { return output().find(text) != std::string::npos; });
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  std::string story_file() const { return folder_ / "story"; }
  pid_t pid() const { return child_.pid; }
  // Of the stand-in whose script this is.
  std::vector<pid_t> children() const {
    std::vector<pid_t> pids;
    std::istringstream text(content("/proc/" + std::to_string(child_.pid) + "/task/" +
                                    std::to_string(child_.pid) + "/children"));
    for (pid_t pid; text >> pid;) pids.push_back(pid);
    return pids;
  }

 private:
  void write_default(const std::string& program, const std::string& script) {
    if (!std::filesystem::exists(folder_ / ("bin/" + program))) replace(program, script);
  }

  io::Fd output_;
  io::Child child_;
  bool ended_ = false;
};

}  // namespace

TEST_CASE("up starts everything, says where it is, and tells what happens") {
  Up up;
  up.start();
  up.wait_until_started();
  CHECK(up.says("build 12  harbour main 1a2b3c4d5e  build passed in 3.2 s"));
  CHECK(eventually([&] { return std::filesystem::exists(up.path("state/up.json")); }));
  const auto json = nlohmann::json::parse(content(up.path("state/up.json")));
  CHECK(json["broker"] == up.broker.endpoint());
  CHECK(json["pid"] == up.pid());
  CHECK(json["page"] == "http://127.0.0.1:4711");
  CHECK(up.says("page  http://127.0.0.1:4711"));
  CHECK(up.story_has("reporter started --broker " + up.broker.endpoint()));
  CHECK(up.story_has("worker started --broker " + up.broker.endpoint()));
  CHECK(up.story_has("-- " + up.path("harbour")));
  up.signal(SIGINT);
  CHECK(up.wait() == 0);
}

TEST_CASE("up stops the watcher, then the workers, then the broker") {
  Up up;
  up.start();
  up.wait_until_started();
  REQUIRE(up.story_has("worker started"));
  up.signal(SIGTERM);
  CHECK(up.wait() == 0);
  const std::string story = up.story();
  CHECK(story.find("watcher stopped") < story.find("worker stopped"));
  CHECK(story.find("worker stopped") < story.find("broker stopped"));
  CHECK(story.find("broker stopped") != std::string::npos);
  CHECK_THAT(up.output(), Contains("everything is stopped"));
  CHECK_FALSE(std::filesystem::exists(up.path("state/up.json")));
}

TEST_CASE("a second Ctrl-C tells the workers again") {
  Up up;
  const std::string story = up.story_file();
  up.replace("seaworthy-worker", "told=0\necho worker started >> '" + story + "'\n" +
                                     "trap 'told=$((told+1)); echo told $told >> \"" + story +
                                     "\"; if [ $told = 2 ]; then exit 0; fi' TERM\n" +
                                     "while :; do sleep 0.05; done\n");
  up.start();
  up.wait_until_started();
  REQUIRE(up.story_has("worker started"));
  up.signal(SIGINT);
  REQUIRE(up.story_has("told 1"));
  CHECK(up.says("once more"));
  up.signal(SIGINT);
  CHECK(up.wait() == 0);
  CHECK_THAT(up.story(), Contains("told 2"));
}

TEST_CASE("a child that dies is started again, and the line says how it died") {
  Up up;
  const std::string marker = up.path("died");
  up.replace("seaworthy-worker", "if [ ! -e '" + marker + "' ]; then touch '" + marker +
                                     "'; echo 'my last words' >&2; kill -9 $$; fi\n" +
                                     Up::obedient("worker", up.story_file()));
  up.start();
  CHECK(up.says("worker-1 ended by signal 9 (Killed), starts again in 1.0 s: my last words"));
  CHECK(up.story_has("worker started"));
  CHECK(up.says("worker-1 started again"));
}

TEST_CASE("a broker that is started again stands where it stood") {
  Up up;
  up.start();
  REQUIRE(up.story_has("reporter started"));  // the last one
  const auto children = up.children();
  REQUIRE(children.size() == 4);
  REQUIRE(kill(children[0], SIGTERM) == 0);
  CHECK(up.says("broker started again"));
  CHECK(up.story_has("broker started --listen " + up.broker.endpoint() + " --state "));
}

TEST_CASE("complaints in a child's log are shown") {
  Up up;
  up.replace("seaworthy-watcher",
             "echo '2026-11-21 05:23:55.123 warning watcher: cannot fetch' >&2\n" +
                 Up::obedient("watcher", up.story_file()));
  up.start();
  CHECK(up.says("watcher warning: cannot fetch"));
}

TEST_CASE("a child that cannot start at all ends everything with its message") {
  Up up;
  up.replace("seaworthy-worker", "echo 'the disk is read-only' >&2; exit 2\n");
  up.start();
  CHECK(up.wait() == 2);
  CHECK_THAT(up.output(), Contains("the worker-1 could not start (exit code 2):\n"
                                   "  the disk is read-only"));
  CHECK_THAT(up.story(), Contains("broker stopped"));
}

TEST_CASE("a reporter that cannot start costs the page, and nothing else") {
  Up up;
  up.replace("seaworthy-reporter", "echo 'no such address' >&2; exit 2\n");
  up.start();
  CHECK(
      up.says("no page, all else goes on: the reporter could not start (exit code 2): no such "
              "address"));
  CHECK(up.says("build passed"));
  CHECK(eventually([&] { return std::filesystem::exists(up.path("state/up.json")); }));
  CHECK(nlohmann::json::parse(content(up.path("state/up.json")))["page"].is_null());
  up.signal(SIGINT);
  CHECK(up.wait() == 0);
}

TEST_CASE("without a page no reporter is started") {
  Up up;
  up.start({"--no-http"});
  up.wait_until_started();
  CHECK(up.says("Ctrl-C stops everything"));
  CHECK(up.story().find("reporter") == std::string::npos);
}

TEST_CASE("a state directory serves one up at a time") {
  Up up;
  up.start();
  up.wait_until_started();
  auto second = run_seaworthy({"up", "--state", up.path("state"), up.path("harbour")});
  CHECK(second.exit_code == 2);
  CHECK_THAT(second.error, Contains("process " + std::to_string(up.pid()) + " uses it"));
}

TEST_CASE("children do not outlive an up that was killed") {
  Up up;
  up.start();
  up.wait_until_started();
  REQUIRE(up.story_has("worker started"));
  REQUIRE(up.story_has("reporter started"));
  up.signal(SIGKILL);
  up.wait();
  CHECK(up.story_has("broker stopped"));
  CHECK(up.story_has("worker stopped"));
  CHECK(up.story_has("watcher stopped"));
  CHECK(up.story_has("reporter stopped"));
}

TEST_CASE("up refuses what is no repository before it starts anything") {
  TemporaryFolder folder;
  for (const std::string& wrong : {folder.path().string(), folder / "nowhere"}) {
    auto result = run_seaworthy({"up", "--state", folder / "state", wrong});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.error, Contains("cannot watch " + wrong));
    CHECK_FALSE(std::filesystem::exists(folder / "state"));
  }
}
