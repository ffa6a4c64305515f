// seaworthy-worker: options, wiring, loop, exit code; and the leader's mode.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "shared/io/clock.h"
#include "shared/io/notify.h"
#include "shared/io/options.h"
#include "shared/io/paths.h"
#include "shared/io/signals.h"
#include "worker/confinement.h"
#include "worker/leader.h"
#include "worker/loop.h"
#include "worker/place.h"
#include "worker/tree.h"

namespace {

using namespace seaworthy;

constexpr int kCannotStart = 2;  // bad options, or the machine refuses

struct Options {
  std::vector<std::string> brokers{"tcp://127.0.0.1:8888"};
  std::string name, state, mirrors;
  std::vector<std::string> labels;
  double drain_timeout_s = 0;
  double kill_grace_s = 10;
  uint64_t min_free_disk_mb = 500;
  io::LogOptions log{"worker", "text", "info"};
};

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "seaworthy-worker " SEAWORTHY_VERSION);
  app.add_option("--broker", options.brokers,
                 "Where the broker listens; several: the first that answers")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--name", options.name, "Unique among the workers of a broker [HOST-N]");
  app.add_option("--label", options.labels, "What this worker offers; may be repeated");
  app.add_option("--state", options.state,
                 "Directory of spool and workspaces [the first free worker-N]");
  app.add_option("--mirrors", options.mirrors,
                 "Directory of repositories' copies, may be shared [STATE/mirrors, or one for "
                 "all workers of this user]");
  app.add_option("--drain-timeout", options.drain_timeout_s,
                 "Seconds that a job may still take after the first signal; 0: as long as it needs")
      ->capture_default_str();
  app.add_option("--kill-grace", options.kill_grace_s, "Seconds between TERM and KILL")
      ->capture_default_str();
  app.add_option("--min-free-disk", options.min_free_disk_mb, "MB; with less it takes no jobs")
      ->capture_default_str();
  io::add_log_options(app, options.log);
  app.footer(
      "The first SIGTERM or Ctrl-C finishes the running job and leaves; the second gives it "
      "back.\n\n"
      "Examples:\n  seaworthy-worker\n  seaworthy-worker --broker tcp://127.0.0.1:8888 --label "
      "linux");
  io::complete_options(app);
}

Duration seconds(double count) { return Duration{static_cast<int64_t>(count * 1000)}; }

int work(const Options& options) {
  io::Supervisor supervisor = io::Supervisor::of_this_process();
  io::Fd signals = io::block_signals({SIGTERM, SIGINT});
  worker::become_subreaper();  // for what a leader that was killed leaves behind
  Result<worker::Place> place = worker::take_place(options.state, options.name);
  if (!place) throw std::runtime_error(place.error());
  const worker::Confinement confinement = worker::try_confinement();
  worker::LoopOptions loop;
  loop.brokers = options.brokers;
  loop.settings.worker = place->name;
  loop.settings.boot = io::random_token<BootId>();
  loop.settings.host = io::host_name();
  loop.settings.pid = static_cast<uint32_t>(getpid());
  loop.settings.version = SEAWORTHY_VERSION;
  loop.settings.labels = options.labels;
  io::fill_random(&loop.settings.seed, sizeof loop.settings.seed);
  loop.settings.least_free_disk_bytes = options.min_free_disk_mb * 1'000'000;
  loop.settings.drain_timeout = seconds(options.drain_timeout_s);
  std::filesystem::path mirrors = options.mirrors;
  if (mirrors.empty())
    mirrors = (options.state.empty() ? io::default_state_directory() : place->state) / "mirrors";
  loop.attempts = {
      "/proc/self/exe",     place->state,      mirrors, place->name, seconds(options.kill_grace_s),
      limits::kOutputBytes, confinement.groups};
  spdlog::info("{} starts; state in {}", place->name, place->state.string());
  spdlog::info("{}", confinement.in_words);
  worker::Loop(std::move(loop), std::move(signals), std::move(supervisor)).run();
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == worker::kLeaderMode) {
    auto leader = worker::parse_leader_arguments({argv + 1, argv + argc});
    return leader ? worker::run_leader(*leader) : kCannotStart;
  }
  Options options;
  CLI::App app("A worker of Seaworthy: takes one job after the other from a broker and runs it.");
  add_options(app, options);
  if (auto exit_code = io::parse_options(app, argc, argv)) return *exit_code;
  io::start_log(options.log);
  try {
    return work(options);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return kCannotStart;
  }
}
