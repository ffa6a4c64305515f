#include "watcher/options.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "shared/git/mirror.h"
#include "shared/git/mirror_names.h"
#include "shared/io/options.h"

namespace seaworthy::watcher {
namespace {

void add_options(CLI::App& app, Options& options) {
  WatchOptions& watch = options.watch;
  app.set_version_flag("--version", "seaworthy-watcher " SEAWORTHY_VERSION);
  app.add_option("repositories", watch.repositories,
                 "Paths or URLs that git understands; they may appear later")
      ->required()
      ->type_name("REPO");
  app.add_option("--ref", watch.ref_globs, "Refs to watch, with one * at most; may be repeated")
      ->check([](const std::string& glob) {
        auto good = git::check_ref_glob(glob);
        return good ? std::string() : good.error();
      })
      ->type_name("GLOB")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->capture_default_str();
  io::add_duration_option(app, "--every", watch.every, "How often to look without being told [5s]");
  app.add_option("--broker", watch.brokers,
                 "Where the broker is; several with commas between [as the key says, else "
                 "tcp://127.0.0.1:8888]")
      ->delimiter(',')
      ->type_name("ENDPOINT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--state", options.state, "Directory of the mirrors, if --mirrors is not given")
      ->capture_default_str();
  app.add_option("--mirrors", watch.mirrors,
                 "Directory of the mirrors; workers of this machine may share it [STATE/mirrors]");
  app.add_flag("--newest-only", watch.newest_only,
               "Submit the tip of a push only, not every commit of it");
  app.add_option(
         "--webhooks", watch.door.listen,
         "Take web hooks of GitHub, Gitea, GitLab and others here, so that a push is looked "
         "at at once")
      ->type_name("ADDRESS:PORT");
  app.add_option("--webhook-secret", watch.door.secret_file,
                 "File with what signs them, a secret a line; nobody else may read it")
      ->type_name("FILE");
  io::add_key_options(app, options.key_file, options.insecure);
  io::add_log_options(app, options.log);
  app.footer(
      "Examples:\n  seaworthy-watcher ~/project\n  seaworthy-watcher --every 1m --ref "
      "'refs/heads/*' --ref 'refs/pull/*/head' https://example.org/project.git\n\nA hook makes it "
      "look at once: seaworthy hook install ~/project");
  io::complete_options(app);
}

void take_key(Options& options) {
  WatchOptions& watch = options.watch;
  if (!options.key_file.empty()) {
    auto key = io::read_key(options.key_file);
    if (!key) throw std::runtime_error(key.error());
    if (watch.brokers.empty()) watch.brokers = key->endpoints;
    watch.key = std::move(*key);
  }
  if (watch.brokers.empty()) watch.brokers = {"tcp://127.0.0.1:8888"};
  if (auto wrong = io::what_is_wrong(watch.brokers, watch.key, options.insecure); !wrong.empty())
    throw std::runtime_error(wrong);
  if (!watch.key && options.insecure)
    spdlog::warn(
        "INSECURE: nothing is encrypted on the way to {}, and anybody can pretend to be it",
        watch.brokers.front());
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app("The watcher of Seaworthy: notices commits and submits them to the broker.");
  add_options(app, options);
  return io::parse_options(app, argc, argv);
}

void settle(Options& options) {
  take_key(options);
  WatchOptions& watch = options.watch;
  if (watch.mirrors.empty()) watch.mirrors = options.state / "mirrors";
  watch.door.record = options.state / "watcher" / "deliveries";
  std::vector<std::string> canonical;
  for (const std::string& repository : watch.repositories) {
    std::string one = git::canonical_repository(repository);
    if (std::find(canonical.begin(), canonical.end(), one) == canonical.end())
      canonical.push_back(std::move(one));
  }
  watch.repositories = std::move(canonical);
}

}  // namespace seaworthy::watcher
