// seaworthy-broker: options, wiring, loop, exit code.
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "broker/journal/sqlite.h"
#include "broker/journal/store_error.h"
#include "broker/loop.h"
#include "broker/options.h"
#include "shared/io/authorized.h"
#include "shared/io/clock.h"
#include "shared/io/notify.h"
#include "shared/io/paths.h"
#include "shared/io/signals.h"

namespace {

using namespace seaworthy;

void announce(const broker::Loop& loop, broker::Options& options, io::Supervisor& supervisor) {
  supervisor.ready();
  spdlog::info("serving at {}, state in {}", loop.endpoint(), options.loop.state.string());
  if (options.ready_fd < 0) return;
  nlohmann::json line{{"listen", loop.endpoint()}, {"pid", getpid()}};
  const std::string text = line.dump() + "\n";
  (void)!write(options.ready_fd, text.data(), text.size());
  close(std::exchange(options.ready_fd, -1));
}

// Until there is room to begin with, or a signal: false.
bool wait_for_space(const broker::LoopOptions& options, const io::Fd& signals,
                    io::Supervisor& supervisor) {
  broker::DiskSpace disk({options.state, options.output}, options.least_free_bytes);
  for (bool said = false; disk.look() == broker::Space::None; said = true) {
    if (!said)
      spdlog::error(
          "the disk of {} or {} is full: waiting until there is room. Nothing is lost: "
          "workers keep what they have",
          options.state.string(), options.output.string());
    supervisor.alive(io::now());
    pollfd signal{signals.get(), POLLIN, 0};
    if (poll(&signal, 1, 1'000) > 0) return false;
  }
  return true;
}

// Who may connect, said once; throws when that would be everybody on a network.
void look_at_door(const broker::Options& options) {
  if (options.loop.keys)
    return spdlog::info("only those with a key are let in: {}",
                        io::authorized_file(*options.loop.keys).string());
  if (io::is_local(options.loop.listen)) return;
  if (!options.insecure)
    throw std::runtime_error(
        "refused to listen on " + options.loop.listen +
        " without keys: anybody who reaches it could run anything on the workers. Type `seaworthy "
        "keygen --dir DIR` and start this with --keys DIR; or listen on 127.0.0.1; or, where "
        "everybody on the network may do everything, with --insecure");
  spdlog::warn("INSECURE: anybody who reaches {} may do everything, and nothing is encrypted",
               options.loop.listen);
}

int serve(broker::Options& options) {
  io::Supervisor supervisor = io::Supervisor::of_this_process();
  look_at_door(options);
  options.loop.connections = broker::raise_descriptor_limit();
  const io::Fd signals = io::block_signals({SIGTERM, SIGINT, SIGHUP});
  Result<io::Fd> lock = io::lock_directory(options.loop.state);
  if (!lock) throw std::runtime_error(lock.error());
  std::filesystem::create_directories(options.loop.output);
  while (wait_for_space(options.loop, signals, supervisor)) {
    try {
      broker::Loop loop(options.loop, signals, supervisor);
      announce(loop, options, supervisor);
      // The system may have chosen the port: whoever knows it finds the next loop there.
      options.loop.listen = loop.endpoint();
      if (loop.run() == broker::Ended::Stopped) break;
    } catch (const broker::OutOfSpace& error) {
      spdlog::error("{}: what was not acknowledged is asked again by whoever sent it",
                    error.what());
      pollfd signal{signals.get(), POLLIN, 0};
      poll(&signal, 1, 1'000);
    }
  }
  spdlog::info("stopped; everything acknowledged is durable");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  broker::Options options;
  if (auto exit_code = broker::parse_options(argc, argv, options)) return *exit_code;
  io::start_log(options.log);
  broker::forgo_memory_statistics();
  try {
    return serve(options);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 2;
  }
}
