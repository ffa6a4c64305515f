// seaworthy-broker: options, wiring, loop, exit code.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "broker/loop.h"
#include "shared/io/options.h"
#include "shared/io/paths.h"
#include "shared/io/signals.h"

namespace {

using namespace seaworthy;

struct Options {
  broker::LoopOptions loop{
      "tcp://127.0.0.1:8888", "tcp://127.0.0.1:8889", io::default_state_directory() / "broker", {}};
  io::LogOptions log{"broker", "text", "info"};
  int ready_fd = -1;
};

void add_duration(CLI::App& app, const char* name, Duration& value, const char* help) {
  app.add_option_function<std::string>(
         name,
         [&value, name](const std::string& text) {
           size_t used = 0;
           const double number = std::stod(text, &used);
           const std::string unit = text.substr(used);
           const double scale = unit == "ms"                  ? 1
                                : unit == "s" || unit.empty() ? 1000
                                : unit == "m"                 ? 60'000
                                                              : 0;
           if (scale == 0 || number <= 0)
             throw CLI::ValidationError(name, text + " is no time like 500ms, 5s or 1m");
           value = Duration{static_cast<int64_t>(number * scale)};
         },
         help)
      ->type_name("TIME");
}

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "seaworthy-broker " SEAWORTHY_VERSION);
  app.add_option("--listen", options.loop.listen, "Where workers and clients connect")
      ->capture_default_str();
  app.add_option("--events", options.loop.events, "Where events are published")
      ->capture_default_str();
  app.add_option("--state", options.loop.state, "Directory of the store and of the output of jobs")
      ->capture_default_str();
  add_duration(app, "--heartbeat", options.loop.timing.heartbeat,
               "Workers speak at least this often [5s]");
  add_duration(app, "--lease", options.loop.timing.lease,
               "A job is a worker's for this long after its last word [30s]");
  add_duration(app, "--grace", options.loop.timing.grace,
               "How much later it is given to another [10s]");
  add_duration(app, "--reattach", options.loop.timing.reattach,
               "After a start, workers have this long to return [1m]");
  app.add_option("--ready-fd", options.ready_fd,
                 "Write a JSON line to this descriptor when serving");
  io::add_log_options(app, options.log);
  app.footer(
      "Examples:\n  seaworthy-broker\n  seaworthy-broker --listen tcp://127.0.0.1:9000 --events "
      "tcp://127.0.0.1:9001 --state /var/lib/seaworthy");
  io::complete_options(app);
}

void announce(const broker::Loop& loop, const Options& options) {
  spdlog::info("serving at {}, events at {}, state in {}", loop.endpoint(), loop.events_endpoint(),
               options.loop.state.string());
  if (options.ready_fd < 0) return;
  nlohmann::json line{
      {"listen", loop.endpoint()}, {"events", loop.events_endpoint()}, {"pid", getpid()}};
  const std::string text = line.dump() + "\n";
  (void)!write(options.ready_fd, text.data(), text.size());
  close(options.ready_fd);
}

int serve(Options& options) {
  options.loop.connections = broker::raise_descriptor_limit();
  io::Fd signals = io::block_signals({SIGTERM, SIGINT, SIGHUP});
  Result<io::Fd> lock = io::lock_directory(options.loop.state);
  if (!lock) throw std::runtime_error(lock.error());
  broker::Loop loop(options.loop, std::move(signals));
  announce(loop, options);
  loop.run();
  spdlog::info("stopped; everything acknowledged is durable");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "The broker of Seaworthy: queues jobs, hands them to workers and keeps what came of them.");
  add_options(app, options);
  if (auto exit_code = io::parse_options(app, argc, argv)) return *exit_code;
  io::start_log(options.log);
  try {
    return serve(options);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 2;
  }
}
