// seaworthy-worker: options, wiring, loop, exit code; and the mode of a worker of a pool.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "shared/io/clock.h"
#include "shared/io/notify.h"
#include "shared/io/signals.h"
#include "worker/confinement.h"
#include "worker/home.h"
#include "worker/leader_program.h"
#include "worker/loop.h"
#include "worker/options.h"
#include "worker/pool/pool.h"
#include "worker/tree.h"

namespace {

using namespace seaworthy;

constexpr int kCannotStart = 2;  // bad options, or the machine refuses

Duration seconds(double count) { return Duration{static_cast<int64_t>(count * 1000)}; }

// `of_pool`: the path of the pool's; empty for a worker of its own.
worker::LeaderProgram open_leader(const std::string& of_pool) {
  auto leader = of_pool.empty() ? worker::LeaderProgram::beside_this_program()
                                : worker::LeaderProgram::at(of_pool);
  if (!leader) throw std::runtime_error(leader.error());
  return std::move(*leader);
}

void work(const worker::Options& options, const worker::LeaderProgram& leader,
          worker::pool::Link& pool, io::Supervisor supervisor) {
  io::Fd signals = io::block_signals({SIGTERM, SIGINT});
  worker::become_subreaper();  // for what a leader that was killed leaves behind
  const auto [place, identity] = worker::take_home(options, {});
  const worker::Confinement confinement = worker::try_confinement();
  worker::LoopOptions loop;
  loop.brokers = identity.brokers;
  loop.key = identity.key;
  loop.settings.worker = place.name;
  loop.settings.boot = io::random_token<BootId>();
  loop.settings.host = io::host_name();
  loop.settings.pid = static_cast<uint32_t>(getpid());
  loop.settings.version = SEAWORTHY_VERSION;
  loop.settings.labels = options.labels;
  io::fill_random(&loop.settings.seed, sizeof loop.settings.seed);
  loop.settings.least_free_disk_bytes = options.min_free_disk_mb * 1'000'000;
  loop.settings.drain_timeout = seconds(options.drain_timeout_s);
  loop.attempts = {leader.path(),
                   place.state,
                   worker::mirrors_of(options, place),
                   place.name,
                   seconds(options.kill_grace_s),
                   options.keep_output_mib * 1024 * 1024,
                   confinement.groups};
  spdlog::info("{} starts; state in {}", place.name, place.state.string());
  spdlog::info("{}", confinement.in_words);
  worker::Loop(std::move(loop), std::move(signals), pool, std::move(supervisor)).run();
  spdlog::info("stopped");
}

void manage(const worker::Options& options, const worker::LeaderProgram& leader,
            io::Supervisor supervisor) {
  io::Fd signals = io::block_signals({SIGTERM, SIGINT});
  const auto [place, identity] = worker::take_home(options, worker::kPlaceOfPool);
  (void)worker::try_confinement();  // finds the groups for its workers while it is alone
  worker::pool::PoolOptions pool;
  pool.brokers = identity.brokers;
  pool.key = identity.key;
  pool.labels = options.labels;
  pool.settings = {options.pool->least, options.pool->most, options.idle,
                   worker::pool::wanted(options.labels)};
  pool.state = place.state;
  pool.name = place.name;
  pool.leader = leader.path();
  pool.arguments =
      worker::arguments_of_pooled(options, identity, worker::mirrors_of(options, place));
  spdlog::info("{} starts: {} to {} workers; state in {}", place.name, options.pool->least,
               options.pool->most, place.state.string());
  worker::pool::Pool(std::move(pool), std::move(signals), std::move(supervisor)).run();
  spdlog::info("stopped");
}

}  // namespace

int main(int argc, char** argv) {
  const bool pooled = argc > 2 && argv[1] == worker::pool::kPooledMode;
  const std::string leader_of_pool = pooled ? argv[2] : "";
  worker::pool::Link link;
  if (pooled) link = worker::pool::Link::to_pool();
  io::Supervisor supervisor = io::Supervisor::of_this_process();
  worker::Options options;
  const int words = pooled ? 2 : 0;
  if (auto exit_code = worker::parse_options(argc - words, argv + words, options))
    return *exit_code;
  if (pooled) options.log.program = std::filesystem::path(options.state).filename();
  if (options.pool) options.log.program = "pool";
  io::start_log(options.log);
  try {
    const worker::LeaderProgram leader = open_leader(leader_of_pool);
    if (options.pool)
      manage(options, leader, std::move(supervisor));
    else
      work(options, leader, link, std::move(supervisor));
    return 0;
  } catch (const std::exception& error) {
    if (!link.tell_broken(error.what())) spdlog::error("{}", error.what());
    return kCannotStart;
  }
}
