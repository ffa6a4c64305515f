// Front is the first to see each request: it knows who asks and whether that one may, and hands on
// what is allowed: to the pages (site.h), the API, the feeds, or to what changes something. Nothing
// that changes anything is done without it. The server's thread.
#pragma once

#include <memory>
#include <string>

#include "reporter/actions.h"
#include "reporter/api/routes.h"
#include "reporter/entry/entry.h"
#include "reporter/feeds/feeds.h"
#include "reporter/site.h"

namespace seaworthy::reporter {

class Front {
 public:
  // Without `is_public` only requests for this machine's own names are answered: a page of another
  // site whose name was made to point here reads nothing.
  Front(Entry& entry, Site& site, bool is_public)
      : entry_(entry), site_(site), is_public_(is_public) {}

  // Before the first request. All outlive the last request.
  void open(Asker& asker, EventHub& hub);
  void handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange);

 private:
  using Reply = std::shared_ptr<http::Exchange>;
  void refuse_looking(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void look(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void post(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void answer_api(const api::Get& get, const std::string& target, const Reply& reply);
  void answer_feed(const feeds::Feed& feed, const http::Request& request, const Reply& reply);
  void confirm(const Action& action, const http::Request& request, const Visitor& visitor,
               const Reply& reply);
  // front_account.cc
  void show_account(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void sign_in(const http::Request& request, const Reply& reply);
  void sign_out(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void act_by_form(const Action& action, const http::Request& request, const Visitor& visitor,
                   const Reply& reply);
  void act_by_api(const http::Request& request, const Visitor& visitor, const Reply& reply);
  void carry_out(const Action& action, const Visitor& visitor, const std::string& reason,
                 bool is_api, const Reply& reply);

  Entry& entry_;
  Site& site_;
  bool is_public_;
  Asker* asker_ = nullptr;
  EventHub* hub_ = nullptr;
  uint64_t requests_ = 0;
  uint64_t refused_ = 0;
  uint64_t actions_ = 0;
};

}  // namespace seaworthy::reporter
