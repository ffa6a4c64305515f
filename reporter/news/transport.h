// Transport carries one message to a target, by libcurl: posted over HTTP, or given to a mail
// server. Only the protocols that a target names; no redirect is followed and no proxy taken from
// the environment; nothing lasts longer than the target's time-out. What happened comes back as a
// value. Each try uses a connection of its own. One thread.
#pragma once

#include <string>
#include <vector>

#include "reporter/news/core/delivery.h"
#include "reporter/news/requests.h"

namespace seaworthy::reporter::news {

// Once, before the first Transport. From then on SIGPIPE is ignored.
void prepare_transport();

class Transport {
 public:
  // `interrupt_fd`: ends a try within a second when it is readable.
  Transport(const Target& target, int interrupt_fd);

  Tried post(const HttpRequest& request) const;

  struct Mailed {
    Tried tried;
    std::string refused;  // the recipient that the server will never take; the mail was not sent
  };
  Mailed mail(const std::vector<std::string>& recipients, const std::string& message) const;

 private:
  const Target& target_;
  int interrupt_fd_;
};

}  // namespace seaworthy::reporter::news
