#include "broker/options.h"

#include "shared/io/options.h"
#include "shared/io/paths.h"

namespace seaworthy::broker {
namespace {

constexpr double kDayMs = 24 * 3600 * 1000.0;

void add_options(CLI::App& app, Options& options, uint64_t& megabytes) {
  app.set_version_flag("--version", "seaworthy-broker " SEAWORTHY_VERSION);
  app.add_option("--listen", options.loop.listen, "Where workers and clients connect")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--keys", [&options](const std::string& directory) { options.loop.keys = directory; },
         "Let in only those with a key; directory as `seaworthy keygen` makes it [no keys: only "
         "this machine]")
      ->type_name("DIR");
  app.add_flag("--insecure", options.insecure,
               "Listen beyond this machine without keys: everybody may do everything");
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
  io::add_duration_option(app, "--heartbeat", options.loop.timing.heartbeat,
                          "Workers speak at least this often [5s]");
  io::add_duration_option(app, "--lease", options.loop.timing.lease,
                          "A job is a worker's for this long after its last word [30s]");
  io::add_duration_option(app, "--grace", options.loop.timing.grace,
                          "How much later it is given to another [10s]");
  io::add_duration_option(app, "--reattach", options.loop.timing.reattach,
                          "After a start, workers have this long to return [1m]");
  io::add_duration_option(
      app, "--unmatched-timeout", options.loop.unmatched_timeout,
      "A job ends that no worker which was ever seen could run for this long [1h]");
  app.add_option("--ready-fd", options.ready_fd,
                 "Write a JSON line to this descriptor when serving");
  io::add_log_options(app, options.log);
  app.footer(
      "Examples:\n  seaworthy-broker\n  seaworthy-broker --listen tcp://127.0.0.1:9000 "
      "--state /var/lib/seaworthy");
  io::complete_options(app);
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  options.loop.listen = "tcp://127.0.0.1:8888";
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
