// Site answers requests that front.h let through: it knows which page is asked for, asks for it,
// and says what to do when there is none. The server's thread.
#pragma once

#include <memory>

#include "reporter/asker.h"
#include "reporter/event_hub.h"
#include "reporter/logs.h"
#include "reporter/pages/frame.h"
#include "reporter/routes.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

class Site {
 public:
  // `has_sign_in`: people can sign in, and pages lead to what they may do.
  explicit Site(bool has_sign_in) : has_sign_in_(has_sign_in) {}

  // Before the first request. All outlive the site's last request.
  // `logs` is used by the thread of `log_asker` alone.
  void open(http::Server& server, Asker& asker, Asker& log_asker, Logs& logs, EventHub& hub);
  // `has_buttons`: who asks may change something.
  void handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange,
              bool has_buttons);

 private:
  using Reply = std::shared_ptr<http::Exchange>;
  void show(const std::string& name, Asker::Work work, Reply reply);
  void show_log(const std::string& name, Asker::Work work, Reply reply);
  void show(const LogRoute& route, const Asking& asking, Reply reply);
  void show(const LogSearchRoute& route, Reply reply);
  void say_ready(Reply reply);

  bool has_sign_in_;
  http::Server* server_ = nullptr;
  Asker* asker_ = nullptr;
  Asker* log_asker_ = nullptr;
  Logs* logs_ = nullptr;
  uint64_t searches_ = 0;  // so far: each has a name of its own
  EventHub* hub_ = nullptr;
};

}  // namespace seaworthy::reporter
