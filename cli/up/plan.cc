#include "cli/up/plan.h"

#include <charconv>

namespace seaworthy::cli {

namespace {

void add_key(const UpOptions& options, const char* role, std::vector<std::string>& command) {
  if (!options.keys.empty())
    command.insert(command.end(), {"--key", key_of(options, role).string()});
}

}  // namespace

std::filesystem::path key_of(const UpOptions& options, const std::string& role) {
  return options.keys.empty() ? options.keys : options.keys / (role + ".key");
}

Result<Address> parse_address(const std::string& text) {
  const auto wrong = Unexpected{"cannot listen on '" + text +
                                "': --listen takes HOST:PORT, as 127.0.0.1:8888; port 0 picks one"};
  const std::string bare = text.starts_with("tcp://") ? text.substr(6) : text;
  const size_t colon = bare.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  Address address{bare.substr(0, colon), 0};
  const char* end = bare.data() + bare.size();
  auto [rest, error] = std::from_chars(bare.data() + colon + 1, end, address.port);
  if (error != std::errc{} || rest != end || address.port > 65'535) return wrong;
  return address;
}

Result<std::string> endpoint_for(const std::string& listen) {
  auto address = parse_address(listen);
  if (!address) return Unexpected{address.error()};
  return "tcp://" + address->host + ":" + std::to_string(address->port);
}

std::string reachable(const std::string& endpoint) {
  for (const auto& [all, local] :
       {std::pair<std::string, std::string>{"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
        {"tcp://[::]:", "tcp://[::1]:"},
        {"tcp://*:", "tcp://127.0.0.1:"}})
    if (endpoint.starts_with(all)) return local + endpoint.substr(all.size());
  return endpoint;
}

std::vector<std::string> broker_command(const UpOptions& options, const std::string& listen) {
  std::vector<std::string> command{"seaworthy-broker", "--listen", listen, "--state",
                                   (options.state / "broker").string()};
  if (!options.keys.empty()) command.insert(command.end(), {"--keys", options.keys.string()});
  return command;
}

std::vector<std::string> worker_command(const UpOptions& options, const std::string& broker,
                                        const std::string& host, unsigned number) {
  const std::string text = std::to_string(number);
  const std::string name = host + "-" + text;
  std::vector<std::string> command{"seaworthy-worker",
                                   "--broker",
                                   broker,
                                   "--name",
                                   options.keys.empty() ? name : "worker/" + name,
                                   "--state",
                                   (options.state / ("worker-" + text)).string(),
                                   "--mirrors",
                                   (options.state / "mirrors").string()};
  add_key(options, "worker", command);
  return command;
}

std::vector<std::string> reporter_command(const UpOptions& options, const std::string& broker,
                                          const std::string& listen, bool or_any_port) {
  std::vector<std::string> command{"seaworthy-reporter", "--broker", broker, "--listen", listen};
  add_key(options, "reporter", command);
  if (options.is_public) command.push_back("--public");
  if (or_any_port) command.push_back("--or-any-port");
  if (!options.news.empty()) command.insert(command.end(), {"--news", options.news});
  if (!options.url.empty()) command.insert(command.end(), {"--url", options.url});
  return command;
}

std::vector<std::string> watcher_command(const UpOptions& options, const std::string& broker) {
  std::vector<std::string> command{"seaworthy-watcher",
                                   "--broker",
                                   broker,
                                   "--state",
                                   (options.state / "watcher").string(),
                                   "--mirrors",
                                   (options.state / "mirrors").string(),
                                   "--every",
                                   options.every};
  add_key(options, "watcher", command);
  for (const std::string& ref : options.refs) command.insert(command.end(), {"--ref", ref});
  if (options.newest_only) command.push_back("--newest-only");
  command.push_back("--");
  command.insert(command.end(), options.repositories.begin(), options.repositories.end());
  return command;
}

}  // namespace seaworthy::cli
