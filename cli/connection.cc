#include "cli/connection.h"

namespace seaworthy::cli {

Result<std::vector<std::string>> parse_endpoints(const std::string& text) {
  std::vector<std::string> endpoints;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    std::string endpoint = text.substr(at, comma - at);
    endpoint.erase(0, endpoint.find_first_not_of(" \t"));
    endpoint.erase(endpoint.find_last_not_of(" \t") + 1);
    at = comma + 1;
    if (endpoint.empty()) continue;
    if (!io::is_endpoint(endpoint))
      return Unexpected{"cannot reach a broker at '" + endpoint +
                        "': an address looks like tcp://127.0.0.1:8888"};
    endpoints.push_back(std::move(endpoint));
  }
  if (endpoints.empty())
    return Unexpected{std::string("no broker is named: --broker takes tcp://HOST:PORT")};
  return endpoints;
}

Result<io::ClientOptions> client_options(const ConnectionOptions& options, Screen& screen) {
  io::ClientOptions client;
  if (!options.key_file.empty()) {
    auto key = io::read_key(options.key_file);
    if (!key) return Unexpected{key.error()};
    client.key = std::move(*key);
  }
  if (options.broker.empty() && client.key) client.endpoints = client.key->endpoints;
  if (client.endpoints.empty()) {
    auto endpoints = parse_endpoints(options.broker.empty() ? kDefaultBroker : options.broker);
    if (!endpoints) return Unexpected{endpoints.error()};
    client.endpoints = *endpoints;
  }
  if (auto wrong = io::what_is_wrong(client.endpoints, client.key, options.insecure);
      !wrong.empty())
    return Unexpected{wrong};
  client.give_up_after = options.timeout;
  client.on_trouble = [&screen](const std::string& trouble) { screen.remark(trouble); };
  return client;
}

}  // namespace seaworthy::cli
