// Door takes web hooks of forges: POST /hooks/github, gitea, gitlab or generic. A delivery that is
// rightly signed, new, and about a repository that is watched is recorded durably, then that
// repository is looked at, then the answer leaves. Its own thread; the record is written on it.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "shared/http/server.h"
#include "shared/io/log.h"
#include "watcher/options.h"
#include "watcher/webhooks/record.h"

namespace seaworthy::watcher {

class Door {
 public:
  // `look` is called on the door's thread with one of `repositories`. Throws std::runtime_error,
  // with what to do, when it cannot listen, or has no secret.
  Door(const DoorOptions& options, std::vector<std::string> repositories,
       std::function<void(const std::string& repository)> look);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  const std::string& address() const { return server_.address(); }

 private:
  void handle(const http::Request& request, http::Exchange& exchange);
  http::Answer take(const Delivery& delivery);
  void complain(const http::Request& request, const Refused& refused);

  std::vector<std::string> secrets_;
  std::vector<std::string> repositories_;
  std::function<void(const std::string&)> look_;
  DeliveryRecord record_;
  io::RateLimit refusals_;
  http::Server server_;
  std::thread thread_;
};

}  // namespace seaworthy::watcher
