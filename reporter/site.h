// Site answers requests: it knows which page is asked for, asks for it, and says what to do when
// there is none. The server's thread.
#pragma once

#include <memory>

#include "reporter/asker.h"
#include "reporter/event_hub.h"
#include "reporter/routes.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

class Site {
 public:
  // Without `is_public` only requests for this machine's own names are answered: a page of another
  // site whose name was made to point here reads nothing.
  explicit Site(bool is_public) : is_public_(is_public) {}

  // Before the first request. All outlive the site's last request.
  void open(http::Server& server, Asker& asker, EventHub& hub);
  void handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange);

 private:
  using Reply = std::shared_ptr<http::Exchange>;
  void show(const std::string& name, Asker::Work work, Reply reply);
  void say_ready(Reply reply);

  bool is_public_;
  http::Server* server_ = nullptr;
  Asker* asker_ = nullptr;
  EventHub* hub_ = nullptr;
};

}  // namespace seaworthy::reporter
