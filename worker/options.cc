#include "worker/options.h"

#include <charconv>

#include "shared/io/options.h"

namespace seaworthy::worker {
namespace {

constexpr size_t kMostInPool = 1'000;
constexpr uint64_t kMostOutputMib = 4'096;  // half of it may be in memory at a job's end

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "seaworthy-worker " SEAWORTHY_VERSION);
  app.add_option("--broker", options.brokers,
                 "Where the broker listens; several: the first that answers [as the key says, else "
                 "tcp://127.0.0.1:8888]")
      ->delimiter(',');
  app.add_option("--join", options.join,
                 "The line that `seaworthy invite worker` printed, or - to read it from stdin; it "
                 "is kept: the next time this worker needs no option")
      ->type_name("LINE");
  io::add_key_options(app, options.key_file, options.insecure);
  app.add_option(
      "--name", options.name,
      "Unique among the workers of a broker [HOST-N, with a key KEY/HOST-N]; of a pool: its "
      "workers are NAME/N");
  app.add_option("--label", options.labels, "What this worker offers; may be repeated");
  app.add_option("--state", options.state,
                 "Directory of spool and workspaces [the first free worker-N, or pool-N]");
  app.add_option("--mirrors", options.mirrors,
                 "Directory of repositories' copies, may be shared [STATE/mirrors, or one for "
                 "all workers of this user]");
  app.add_option_function<std::string>(
         "--pool",
         [&options](const std::string& text) {
           options.pool = parse_pool_size(text);
           if (!options.pool)
             throw CLI::ValidationError("--pool", text + " is no range like 0..8, of at most " +
                                                      std::to_string(kMostInPool));
         },
         "Start and stop so many workers as jobs wait for them")
      ->type_name("MIN..MAX");
  io::add_duration_option(app, "--idle", options.idle,
                          "Workers of a pool that were not needed for this long are stopped [5m]");
  app.add_option("--drain-timeout", options.drain_timeout_s,
                 "Seconds that a job may still take after the first signal; 0: as long as it needs")
      ->capture_default_str();
  app.add_option("--kill-grace", options.kill_grace_s, "Seconds between TERM and KILL")
      ->capture_default_str();
  app.add_option("--min-free-disk", options.min_free_disk_mb, "MB; with less it takes no jobs")
      ->capture_default_str();
  app.add_option("--keep-output", options.keep_output_mib,
                 "MiB of a job's output that are kept: of more, its start and its end")
      ->check(CLI::Range(uint64_t{1}, kMostOutputMib))
      ->capture_default_str();
  io::add_log_options(app, options.log);
  app.footer(
      "The first SIGTERM or Ctrl-C finishes the running job and leaves; the second gives it "
      "back.\n\n"
      "Examples:\n  seaworthy-worker\n  seaworthy-worker --broker tcp://127.0.0.1:8888 --label "
      "linux\n  seaworthy-worker --pool 0..8 --idle 10m");
  io::complete_options(app);
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app("A worker of Seaworthy: takes one job after the other from a broker and runs it.");
  add_options(app, options);
  return io::parse_options(app, argc, argv);
}

std::optional<PoolSize> parse_pool_size(const std::string& text) {
  PoolSize size;
  const char* const end = text.data() + text.size();
  const auto least = std::from_chars(text.data(), end, size.least);
  if (least.ec != std::errc{} || !std::string_view(least.ptr, end).starts_with(".."))
    return std::nullopt;
  const auto most = std::from_chars(least.ptr + 2, end, size.most);
  const bool whole = most.ec == std::errc{} && most.ptr == end;
  if (!whole || size.most == 0 || size.most > kMostInPool || size.least > size.most)
    return std::nullopt;
  return size;
}

std::vector<std::string> arguments_of_pooled(const Options& options, const Identity& identity,
                                             const std::filesystem::path& mirrors) {
  std::vector<std::string> arguments{"--mirrors",       mirrors.string(),
                                     "--drain-timeout", std::to_string(options.drain_timeout_s),
                                     "--kill-grace",    std::to_string(options.kill_grace_s),
                                     "--min-free-disk", std::to_string(options.min_free_disk_mb),
                                     "--keep-output",   std::to_string(options.keep_output_mib),
                                     "--log-format",    options.log.format,
                                     "--log-level",     options.log.level};
  if (identity.key) arguments.insert(arguments.end(), {"--key", identity.key_file.string()});
  if (options.insecure) arguments.emplace_back("--insecure");
  for (const std::string& broker : identity.brokers)
    arguments.insert(arguments.end(), {"--broker", broker});
  for (const std::string& label : options.labels)
    arguments.insert(arguments.end(), {"--label", label});
  return arguments;
}

}  // namespace seaworthy::worker
