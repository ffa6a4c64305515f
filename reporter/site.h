// Site answers requests that front.h let through: it knows which page is asked for, asks for it,
// and says what to do when there is none. The server's thread.
#pragma once

#include <memory>

#include "reporter/asker.h"
#include "reporter/event_hub.h"
#include "reporter/routes.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

class Site {
 public:
  // `has_sign_in`: people can sign in, and pages lead to what they may do.
  explicit Site(bool has_sign_in) : has_sign_in_(has_sign_in) {}

  // Before the first request. All outlive the site's last request.
  void open(http::Server& server, Asker& asker, EventHub& hub);
  void handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange);

 private:
  using Reply = std::shared_ptr<http::Exchange>;
  void show(const std::string& name, Asker::Work work, Reply reply);
  void say_ready(Reply reply);

  bool has_sign_in_;
  http::Server* server_ = nullptr;
  Asker* asker_ = nullptr;
  EventHub* hub_ = nullptr;
};

}  // namespace seaworthy::reporter
