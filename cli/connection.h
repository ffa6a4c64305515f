// How a command reaches its broker: the endpoints, and how long it tries before it says that nobody
// answered.
#pragma once

#include <string>

#include "cli/outcome.h"
#include "cli/screen.h"
#include "shared/io/client.h"

namespace seaworthy::cli {

inline constexpr const char* kDefaultBroker = "tcp://127.0.0.1:8888";

struct ConnectionOptions {
  // One endpoint, or several with commas between; empty: as the key says, else this machine's.
  std::string broker;
  std::string key_file;  // empty: no key
  bool insecure = false;
  Duration timeout{10'000};  // for each question
};

// "a, b" -> {"a", "b"}; an error if there is none or one is not of the form tcp://HOST:PORT.
Result<std::vector<std::string>> parse_endpoints(const std::string& text);

// The screen must outlive what is returned: it is told when the broker is late to answer.
Result<io::ClientOptions> client_options(const ConnectionOptions& options, Screen& screen);

inline Ended unknown(const io::ClientError& error) { return Unexpected{error.message}; }

}  // namespace seaworthy::cli
