#include "broker/options.h"

#include "shared/io/options.h"
#include "shared/io/paths.h"

namespace seaworthy::broker {
namespace {

constexpr double kDayMs = 24 * 3600 * 1000.0;

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
                                : unit == "h"                 ? 3'600'000
                                                              : 0;
           if (scale == 0 || number <= 0)
             throw CLI::ValidationError(name, text + " is no time like 500ms, 5s, 1m or 1h");
           value = Duration{static_cast<int64_t>(number * scale)};
         },
         help)
      ->type_name("TIME");
}

void add_options(CLI::App& app, Options& options, uint64_t& megabytes) {
  app.set_version_flag("--version", "seaworthy-broker " SEAWORTHY_VERSION);
  app.add_option("--listen", options.loop.listen, "Where workers and clients connect")
      ->capture_default_str();
  app.add_option("--events", options.loop.events, "Where events are published")
      ->capture_default_str();
  app.add_option("--state", options.loop.state, "Directory of the store")->capture_default_str();
  app.add_option("--output", options.loop.output, "Directory of the output of jobs [STATE/output]");
  app.add_option("--min-free-disk", megabytes,
                 "MB; with less the broker takes no new work, but still outcomes")
      ->capture_default_str();
  app.add_option("--keep-builds", options.loop.keep.builds,
                 "Finished builds of each repository that are kept [all]")
      ->check(CLI::PositiveNumber);
  app.add_option_function<double>(
         "--keep-days",
         [&options](double days) {
           options.loop.keep.age = Duration{static_cast<int64_t>(days * kDayMs)};
         },
         "Days that a finished build is kept [for ever]")
      ->check(CLI::PositiveNumber);
  app.add_option("--keep-bytes", options.loop.keep.bytes,
                 "Output of jobs that is kept, as 500MB or 20GB; the oldest builds go first [all]")
      ->transform(CLI::AsSizeValue(true));
  add_duration(app, "--heartbeat", options.loop.timing.heartbeat,
               "Workers speak at least this often [5s]");
  add_duration(app, "--lease", options.loop.timing.lease,
               "A job is a worker's for this long after its last word [30s]");
  add_duration(app, "--grace", options.loop.timing.grace,
               "How much later it is given to another [10s]");
  add_duration(app, "--reattach", options.loop.timing.reattach,
               "After a start, workers have this long to return [1m]");
  add_duration(app, "--unmatched-timeout", options.loop.unmatched_timeout,
               "A job ends that no worker which was ever seen could run for this long [1h]");
  app.add_option("--ready-fd", options.ready_fd,
                 "Write a JSON line to this descriptor when serving");
  io::add_log_options(app, options.log);
  app.footer(
      "Examples:\n  seaworthy-broker\n  seaworthy-broker --listen tcp://127.0.0.1:9000 --events "
      "tcp://127.0.0.1:9001 --state /var/lib/seaworthy");
  io::complete_options(app);
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  options.loop.listen = "tcp://127.0.0.1:8888";
  options.loop.events = "tcp://127.0.0.1:8889";
  options.loop.state = io::default_state_directory() / "broker";
  uint64_t megabytes = 256;
  CLI::App app(
      "The broker of Seaworthy: queues jobs, hands them to workers and keeps what came of them.");
  add_options(app, options, megabytes);
  if (auto exit_code = io::parse_options(app, argc, argv)) return exit_code;
  options.loop.least_free_bytes = megabytes * 1'000'000;
  if (options.loop.output.empty()) options.loop.output = options.loop.state / "output";
  return std::nullopt;
}

}  // namespace seaworthy::broker
