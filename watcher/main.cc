// seaworthy-watcher: options, wiring, loop, exit code.
#include <spdlog/spdlog.h>

#include <csignal>

#include "shared/io/notify.h"
#include "shared/io/signals.h"
#include "watcher/loop.h"
#include "watcher/options.h"

namespace {

using namespace seaworthy;

int watch(watcher::Options& options) {
  io::Supervisor supervisor = io::Supervisor::of_this_process();
  io::Fd signals = io::block_signals({SIGTERM, SIGINT});
  watcher::settle(options);
  const watcher::WatchOptions& watch = options.watch;
  for (const std::string& repository : watch.repositories)
    spdlog::info("watching {} every {} ms", repository, watch.every.count());
  watcher::run_loop(watch, signals, supervisor);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  watcher::Options options;
  if (auto exit_code = watcher::parse_options(argc, argv, options)) return *exit_code;
  io::start_log(options.log);
  try {
    return watch(options);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 2;
  }
}
