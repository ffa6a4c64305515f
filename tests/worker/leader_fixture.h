// A leader of the real program with a real repository, in a temporary directory. Waits for what the
// leader says, with a deadline, never for time.
#pragma once

#include <poll.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "shared/base/overloaded.h"
#include "shared/io/clock.h"
#include "tests/shared/git_fixture.h"
#include "tests/support/folder.h"
#include "worker/leader_process.h"
#include "worker/spool.h"

namespace seaworthy::worker {

using namespace std::chrono_literals;

inline constexpr Duration kPatience = 180s;

// Asks again until it holds or the patience is at its end.
inline bool comes_true(const std::function<bool()>& condition) {
  const Instant until = io::now() + kPatience;
  while (!condition()) {
    if (io::now() > until) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

// Not there, or dead and only not yet taken leave of.
inline bool is_gone(pid_t pid) {
  const std::string status = content("/proc/" + std::to_string(pid) + "/stat");
  return status.empty() || status.find(") Z ") != std::string::npos;
}

class LeaderFixture {
 public:
  LeaderFixture() {
    std::signal(SIGPIPE, SIG_IGN);  // as in the worker: a leader may be gone when it is told
    repository_.write("file", "of the revision\n");
    assign_.job = JobId{7};
    assign_.attempt = AttemptNumber{1};
    assign_.build = BuildId{3};
    assign_.repository = repository_.name();
    assign_.ref = "refs/heads/main";
    assign_.revision = repository_.commit("one");
    assign_.specification.name = "test";
    assign_.specification.timeout = 30min;
    options_.workspace = directory_.path() / "work/7.1";
    options_.mirrors = directory_.path() / "mirrors";
    options_.worker = "w";
    options_.kill_grace = 10s;
    options_.output_cap_bytes = 1'000'000;
  }

  // The directory can only be removed when the leader writes no more in it.
  ~LeaderFixture() {
    if (!leader_) return;
    leader_->kill();
    comes_true([this] { return leader_->exit_code().has_value(); });
  }
  LeaderFixture(const LeaderFixture&) = delete;
  LeaderFixture& operator=(const LeaderFixture&) = delete;

  wire::Assign& assign() { return assign_; }
  LeaderOptions& options() { return options_; }
  // A folder that the job can reach as $FOLDER.
  const std::filesystem::path& folder() const { return directory_.path(); }

  void start(const std::vector<std::string>& scripts) {
    assign_.specification.steps.clear();
    for (const std::string& script : scripts)
      assign_.specification.steps.push_back({script.substr(0, script.find('\n')), script, {}});
    assign_.specification.env["FOLDER"] = folder().string();
    auto entry = Spool(folder() / "spool").create(assign_);
    REQUIRE(entry);
    options_.spool_entry = entry->directory();
    auto started = LeaderProcess::prepare(LEADER_PROGRAM, entry->directory().parent_path());
    INFO((started ? "" : started.error()));
    REQUIRE(started);
    REQUIRE(started->begin(options_));
    leader_.emplace(std::move(*started));
  }
  // Starts it and waits for its end.
  wire::AttemptFinished run(const std::vector<std::string>& scripts) {
    start(scripts);
    return wait_for_outcome();
  }

  wire::AttemptFinished wait_for_outcome() {
    INFO(log());
    REQUIRE(comes_true([this] {
      hear();
      return ended_;
    }));
    auto outcome = entry().outcome();
    REQUIRE(outcome);
    REQUIRE(*outcome);
    return **outcome;
  }
  void wait_for_exit() {
    REQUIRE(comes_true([this] {
      hear();
      return leader_->exit_code().has_value();
    }));
  }
  // The job's word that it is where the test wants it: a file in $FOLDER.
  void wait_for_file(const std::string& name) {
    INFO(log());
    REQUIRE(comes_true([&] {
      hear();
      return std::filesystem::exists(folder() / name) && !content(folder() / name).empty();
    }));
  }
  pid_t pid_in(const std::string& name) {
    wait_for_file(name);
    return static_cast<pid_t>(std::stol(content(folder() / name)));
  }

  void hear() {
    for (const LeaderReport& report : leader_->read_reports())
      std::visit(overloaded{[this](const leader_says::Grew& grew) { grew_ = grew.size_bytes; },
                            [](const leader_says::Begun&) {},
                            [this](const leader_says::Ended&) { ended_ = true; },
                            [](const leader_says::Note&) {},
                            [](const leader_says::Broken& why) { FAIL(why.reason); }},
                 report);
  }
  SpoolEntry entry() const { return SpoolEntry(options_.spool_entry); }
  std::string log() const { return content(entry().output_file()); }
  uint64_t grew() const { return grew_; }
  bool ended() const { return ended_; }
  LeaderProcess& leader() { return *leader_; }
  void lose_worker() { leader_.reset(); }

 private:
  test::TemporaryDirectory directory_;
  test::TestRepository repository_{directory_.path() / "project"};
  wire::Assign assign_;
  LeaderOptions options_;
  std::optional<LeaderProcess> leader_;
  uint64_t grew_ = 0;
  bool ended_ = false;
};

}  // namespace seaworthy::worker
