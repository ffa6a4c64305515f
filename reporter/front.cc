#include "reporter/front.h"

#include "reporter/api/answers.h"
#include "reporter/api/questions.h"
#include "reporter/assets.h"
#include "reporter/pages/account.h"
#include "reporter/pages/pages.h"
#include "reporter/percent.h"
#include "reporter/query.h"
#include "shared/base/overloaded.h"
#include "shared/http/head.h"
#include "shared/io/clock.h"

namespace seaworthy::reporter {
namespace {

bool is_of_this_machine(const std::string& host) {
  std::string_view name = host_name_of(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return host.empty() || http::is_loopback(std::string(name));
}

std::string_view path_of(const http::Request& request) {
  const std::string_view target = request.target;
  return target.substr(0, target.find('?'));
}

// What anybody may have: whether we live, and what pages look like.
bool is_for_everybody(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path.starts_with("/assets/");
}

bool is_for_programs(std::string_view path) {
  return path.starts_with(api::kPrefix) || path.starts_with("/feeds/") || path == "/metrics" ||
         path.starts_with("/badges/") || path == "/cc.xml" || path == "/events" ||
         path.ends_with(".txt") || path.ends_with("/tail");
}

http::Answer needs_sign_in(bool is_wrong) {
  http::Answer answer =
      api::problem(401, is_wrong ? "This token is none that is let in: it may have been revoked."
                                 : "Send a token: Authorization: Bearer TOKEN. `seaworthy token "
                                   "create` makes one.");
  answer.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"seaworthy\"");
  return answer;
}

// A browser that came by a link from elsewhere keeps a strict cookie to itself; it sends it when
// this page sends it on.
http::Answer once_more(const http::Request& request) {
  Page page;
  page.title = "One moment";
  page.main.raw("<p><a href=\"").text(safe_address(request.target)).raw("\">Go on</a></p>\n");
  http::Answer answer = framed(page);
  answer.etag.clear();
  answer.cache_control = "no-store";
  answer.fields.emplace_back("Refresh", "0; url=" + safe_address(request.target));
  return answer;
}

}  // namespace

void Front::open(Asker& asker, EventHub& hub) {
  asker_ = &asker;
  hub_ = &hub;
}

void Front::handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange) {
  ++requests_;
  if (!is_public_ && !is_of_this_machine(request.host))
    return exchange->answer(http::plain_answer(
        421,
        "This page is for this machine, and is not known under that name. Whoever runs it may "
        "start it with --public, or let the proxy before it send the Host 127.0.0.1."));
  const std::string_view path = path_of(request);
  const bool is_post = request.method == http::Method::Post;
  if (!is_post && is_for_everybody(path)) return site_.handle(request, exchange, false);
  const Instant now = io::now();
  const Visitor visitor = entry_.visitor_of(request, now);
  if (visitor.way == Way::Wrong) {
    ++refused_;
    const bool is_few = entry_.take_failure(request.peer, now);
    return exchange->answer(is_few ? needs_sign_in(true)
                                   : api::problem(429, "Too many wrong tokens: wait a minute."));
  }
  if (is_post) return post(request, visitor, exchange);
  if (path == "/sign-in") return show_account(request, visitor, exchange);
  if (!entry_.may_look(visitor)) return refuse_looking(request, visitor, exchange);
  look(request, visitor, exchange);
}

void Front::refuse_looking(const http::Request& request, const Visitor&, const Reply& reply) {
  ++refused_;
  if (is_for_programs(path_of(request))) return reply->answer(needs_sign_in(false));
  if (only_field(request, "Sec-Fetch-Site") == "cross-site")
    return reply->answer(once_more(request));
  http::Answer answer = http::plain_answer(303, "Sign in first.");
  answer.fields.emplace_back("Location",
                             "/sign-in?to=" + percent_encoded(safe_address(request.target)));
  reply->answer(answer);
}

void Front::look(const http::Request& request, const Visitor& visitor, const Reply& reply) {
  if (request.target.starts_with(api::kPrefix)) {
    const auto get = api::get_of(request.target);
    if (!get) return reply->answer(api::problem(get.error().status, get.error().detail));
    return answer_api(*get, request.target, reply);
  }
  if (const auto feed = feeds::feed_of(request.target)) {
    if (!*feed) return reply->answer(http::plain_answer(400, feed->error()));
    return answer_feed(**feed, request, reply);
  }
  if (const auto action = action_of(request.target))
    return confirm(*action, request, visitor, reply);
  site_.handle(request, reply, visitor.may(Access::Operator));
}

void Front::answer_api(const api::Get& get, const std::string& target, const Reply& reply) {
  std::visit(
      overloaded{[&](const api::OpenApi&) {
                   http::Answer answer;
                   answer.content_type = "application/json";
                   answer.body = assets().text_of("openapi.json");
                   answer.etag = http::etag_of(answer.body);
                   reply->answer(answer);
                 },
                 [&](const auto& route) {
                   asker_->ask(
                       target, [route](io::Client& client) { return api::ask(client, route); },
                       [reply](const std::shared_ptr<const Asked>& asked) {
                         reply->answer(*asked ? (*asked)->answer : api::problem_of(asked->error()));
                       });
                 }},
      get);
}

void Front::answer_feed(const feeds::Feed& feed, const http::Request& request, const Reply& reply) {
  const auto origin = feeds::origin_of(request.host, entry_.is_tls());
  if (!origin) return reply->answer(http::plain_answer(400, "The Host of this request is none."));
  const feeds::OwnNumbers own{requests_, hub_->pages(), hub_->last().value, refused_};
  auto work = [&]() -> Asker::Work {
    return std::visit(overloaded{[](const feeds::Badge& badge) -> Asker::Work {
                                   return [badge](io::Client& client) {
                                     return feeds::ask(client, badge);
                                   };
                                 },
                                 [&](const feeds::Metrics& metrics) -> Asker::Work {
                                   return [metrics, own](io::Client& client) {
                                     return feeds::ask(client, metrics, own);
                                   };
                                 },
                                 [&](const auto& other) -> Asker::Work {
                                   return [other, origin = *origin](io::Client& client) {
                                     return feeds::ask(client, other, origin);
                                   };
                                 }},
                      feed);
  };
  asker_->ask(*origin + request.target, work(), [reply](const std::shared_ptr<const Asked>& asked) {
    reply->answer(*asked
                      ? (*asked)->answer
                      : http::plain_answer(api::status_of(asked->error()), asked->error().message));
  });
}

void Front::confirm(const Action& action, const http::Request& request, const Visitor& visitor,
                    const Reply& reply) {
  http::Answer answer;
  if (!entry_.has_sign_in()) {
    answer = framed(pages::no_sign_in_page());
  } else if (!visitor.access) {
    answer = http::plain_answer(303, "Sign in first.");
    answer.fields.emplace_back("Location",
                               "/sign-in?to=" + percent_encoded(safe_address(request.target)));
  } else if (!visitor.may(Access::Operator)) {
    answer = framed(pages::refused_page("This needs the role operator; " + visitor.name +
                                        " has the role " + std::string(to_string(*visitor.access)) +
                                        "."));
  } else {
    Page page = confirm_page(action, request.target, visitor.form_token);
    page.has_sign_in = true;
    answer = framed(page);
  }
  answer.etag.clear();
  answer.cache_control = "no-store";  // it has the form's secret in it
  reply->answer(answer);
}

}  // namespace seaworthy::reporter
