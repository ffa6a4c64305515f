// What changes something: signing in and out, and actions.
#include <spdlog/spdlog.h>

#include "reporter/api/answers.h"
#include "reporter/api/change.h"
#include "reporter/front.h"
#include "reporter/pages/account.h"
#include "reporter/query.h"
#include "shared/http/head.h"
#include "shared/io/clock.h"
#include "shared/words/text.h"

namespace seaworthy::reporter {
namespace {

constexpr size_t kReasonBytes = 200;

http::Answer private_answer(const Page& page) {
  http::Answer answer = framed(page);
  answer.etag.clear();
  answer.cache_control = "no-store";
  return answer;
}

http::Answer see_other(const std::string& address) {
  http::Answer answer = http::plain_answer(303, "Go on at " + address);
  answer.fields.emplace_back("Location", address);
  return answer;
}

http::Answer refused(std::string_view why) { return private_answer(pages::refused_page(why)); }

// A form's fields; nothing if the body is none.
std::optional<Query> form_of(const http::Request& request) {
  const std::string_view type = only_field(request, "Content-Type");
  if (type.substr(0, type.find(';')) != "application/x-www-form-urlencoded") return std::nullopt;
  return Query::parse(request.body);
}

constexpr const char* kNotOurForm =
    "This was not sent by a page of this reporter, or by one that is too old: load the page again.";

}  // namespace

void Front::post(const http::Request& request, const Visitor& visitor, const Reply& reply) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/sign-in") return sign_in(request, reply);
  if (path == "/sign-out") return sign_out(request, visitor, reply);
  if (path.starts_with(api::kPrefix)) return act_by_api(request, visitor, reply);
  if (const auto action = action_of(request.target))
    return act_by_form(*action, request, visitor, reply);
  http::Answer answer = http::plain_answer(405, "Nothing can be changed at this address.");
  answer.fields.emplace_back("Allow", "GET, HEAD");
  reply->answer(answer);
}

void Front::show_account(const http::Request& request, const Visitor& visitor, const Reply& reply) {
  if (!entry_.has_sign_in()) return reply->answer(private_answer(pages::no_sign_in_page()));
  const bool sees_all = visitor.may(Access::Admin) && !visitor.form_token.empty();
  if (visitor.access)
    return reply->answer(private_answer(pages::account_page(
        visitor, sees_all ? entry_.sessions(io::now()) : std::vector<Session>{}, io::wall_now())));
  const size_t mark = std::min(request.target.find('?'), request.target.size() - 1);
  const auto query = Query::parse(std::string_view(request.target).substr(mark + 1));
  reply->answer(
      private_answer(pages::sign_in_page(query ? safe_address(query->word("to")) : "/", "")));
}

void Front::sign_in(const http::Request& request, const Reply& reply) {
  if (!entry_.has_sign_in()) return reply->answer(private_answer(pages::no_sign_in_page()));
  const auto form = form_of(request);
  if (!form) return reply->answer(http::plain_answer(415, "A sign-in is a form's."));
  if (!is_from_our_page(request)) return ++refused_, reply->answer(refused(kNotOurForm));
  const std::string to = safe_address(form->word("to"));
  if (const auto cookie = entry_.sign_in(form->word("token"), request, io::moment())) {
    http::Answer answer = see_other(to);
    answer.fields.emplace_back("Set-Cookie", *cookie);
    return reply->answer(answer);
  }
  ++refused_;
  const bool is_few = entry_.take_failure(request.peer, io::now());
  Page page = pages::sign_in_page(
      to, is_few
              ? "This token is none that is let in: copy all of it once more, or ask for another "
                "one if it was revoked."
              : "Too many wrong tokens: wait a minute.");
  page.status = is_few ? 403 : 429;
  reply->answer(private_answer(page));
}

// One's own session, or, for an admin, the one that is named.
void Front::sign_out(const http::Request& request, const Visitor& visitor, const Reply& reply) {
  const auto form = form_of(request);
  if (!form) return reply->answer(http::plain_answer(415, "A sign-out is a form's."));
  if (!Entry::is_own_form(visitor, request, form->word("form_token")))
    return ++refused_, reply->answer(refused(kNotOurForm));
  if (const auto number = parse_number(form->word("session"))) {
    if (!visitor.may(Access::Admin))
      return ++refused_, reply->answer(refused("Only an admin signs others out."));
    entry_.end_session(*number);
    return reply->answer(see_other("/sign-in"));
  }
  http::Answer answer = see_other("/sign-in");
  answer.fields.emplace_back("Set-Cookie", entry_.sign_out(request));
  reply->answer(answer);
}

void Front::act_by_form(const Action& action, const http::Request& request, const Visitor& visitor,
                        const Reply& reply) {
  const auto form = form_of(request);
  if (!form) return reply->answer(http::plain_answer(415, "This is done by a form."));
  if (!Entry::is_own_form(visitor, request, form->word("form_token")))
    return ++refused_, reply->answer(refused(kNotOurForm));
  if (!visitor.may(Access::Operator))
    return ++refused_, reply->answer(refused("This needs the role operator."));
  carry_out(action, visitor, words::printable(form->word("reason"), kReasonBytes), false, reply);
}

// Only with a token in the Authorization field, which no page of another site can make a browser
// send.
void Front::act_by_api(const http::Request& request, const Visitor& visitor, const Reply& reply) {
  auto refuse = [&](unsigned status, const char* why) {
    ++refused_;
    http::Answer answer = api::problem(status, why);
    if (status == 401) answer.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"seaworthy\"");
    reply->answer(answer);
  };
  if (!entry_.has_sign_in())
    return refuse(403, "Nothing can be changed here: start the reporter with --tokens.");
  if (visitor.way != Way::Bearer)
    return refuse(401, "Changes need a token: Authorization: Bearer TOKEN.");
  if (!visitor.may(Access::Operator))
    return refuse(403, "This needs a token of the role operator.");
  const auto change = api::change_of(request);
  if (!change) return reply->answer(api::problem(change.error().status, change.error().detail));
  carry_out(change->action, visitor, words::printable(change->reason, kReasonBytes), true, reply);
}

// Each is asked by itself, even if another one says the same.
void Front::carry_out(const Action& action, const Visitor& visitor, const std::string& reason,
                      bool is_api, const Reply& reply) {
  spdlog::info("{} ({}): {}", words::printable(visitor.name), to_string(*visitor.access),
               words::printable(words_of(action)));
  asker_->ask(
      "action " + std::to_string(++actions_),
      [action, who = visitor.name, reason, is_api](io::Client& client) -> Asked {
        auto carried = reporter::carry_out(client, action, words::printable(who), reason);
        if (!carried) return Unexpected{carried.error()};
        Found found;
        const bool is_new = is_api && action.kind == Action::Kind::Retry;
        found.answer = is_api ? api::json_answer(carried->said, is_new ? 201 : 200)
                              : see_other(carried->address);
        found.answer.etag.clear();
        return found;
      },
      [is_api, reply](const std::shared_ptr<const Asked>& asked) {
        if (*asked) return reply->answer((*asked)->answer);
        if (is_api) return reply->answer(api::problem_of(asked->error()));
        Page page = pages::refused_page(asked->error().message);
        page.status = api::status_of(asked->error());
        page.title = "Not done";
        reply->answer(private_answer(page));
      });
}

}  // namespace seaworthy::reporter
