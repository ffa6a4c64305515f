#include "reporter/actions.h"

#include <algorithm>

#include "reporter/percent.h"
#include "reporter/query.h"
#include "shared/io/clock.h"
#include "shared/wire/again.h"

namespace seaworthy::reporter {
namespace {

using Outcome = Result<Carried, io::ClientError>;

std::string numbered(const char* noun, uint64_t number) {
  return std::string(noun) + " " + std::to_string(number);
}

std::string target_of(const Action& action) {
  return action.job ? numbered("job", action.job.value) : numbered("build", action.build.value);
}

std::string build_address(BuildId build) { return "/builds/" + std::to_string(build.value); }

std::optional<Action> build_action_of(std::string_view path) {
  const bool is_job = path.starts_with("/jobs/");
  if (!is_job && !path.starts_with("/builds/")) return std::nullopt;
  path.remove_prefix(is_job ? 6 : 8);
  const size_t slash = std::min(path.find('/'), path.size());
  const auto number = parse_number(path.substr(0, slash));
  const std::string_view verb = path.substr(slash);
  if (!number || *number == 0 || (verb != "/cancel" && verb != "/retry")) return std::nullopt;
  Action action;
  action.kind = verb == "/cancel" ? Action::Kind::Cancel : Action::Kind::Retry;
  is_job ? action.job.value = *number : action.build.value = *number;
  return action;
}

const char* explained(const Action& action) {
  switch (action.kind) {
    case Action::Kind::Cancel:
      return "Jobs that wait will not run; those that run are ended. What has its verdict keeps "
             "it.";
    case Action::Kind::Retry:
      return "The same jobs run again as a new build of the same revision. The old one stays as it "
             "is.";
    case Action::Kind::Drain:
      return action.undo ? "It is given jobs again."
                         : "It is given no more jobs; what it runs goes on. It stays drained when "
                           "it reconnects, until that is undone or the broker is started anew.";
    case Action::Kind::Pause:
      return action.undo
                 ? "Its jobs run as their turn comes."
                 : "Its jobs wait until that is undone; what runs goes on, and pushes still "
                   "make builds.";
  }
  return "";
}

// A key that only looks cannot do it, and what the broker says of that helps only its owner.
io::ClientError explained(io::ClientError error) {
  if (error.kind == io::ClientError::Kind::Refused && error.code == wire::ErrorCode::Refused)
    error.message +=
        ". The key is the reporter's: buttons need one of the role client, as `seaworthy invite "
        "client reporter --broker ENDPOINT` prints it, in the file that seaworthy-reporter --key "
        "names";
  return error;
}

Outcome cancel(io::Client& client, const Action& action, const std::string& reason) {
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{action.build, action.job, false});
  if (!detail) return Unexpected{detail.error()};
  auto ok = client.ask_for<wire::CancelOk>(wire::Cancel{action.build, action.job, reason});
  if (!ok) return Unexpected{explained(ok.error())};
  return Carried{{{"cancelled", ok->cancelled}}, build_address(detail->build.build)};
}

Outcome retry(io::Client& client, const Action& action) {
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{action.build, action.job, true});
  if (!detail) return Unexpected{detail.error()};
  auto submit = wire::submit_again(*detail, action.job, io::random_token<RequestId>());
  if (!submit)
    return Unexpected{
        io::ClientError{io::ClientError::Kind::Refused, submit.error(), wire::ErrorCode::Conflict}};
  auto ok = client.ask_for<wire::SubmitOk>(*submit);
  if (!ok) return Unexpected{explained(ok.error())};
  if (ok->builds.empty())
    return Unexpected{io::ClientError{io::ClientError::Kind::Refused,
                                      "the broker made no build of it", wire::ErrorCode::Conflict}};
  const BuildId made = ok->builds.front().build;
  return Carried{{{"build", made.value}}, build_address(made)};
}

Outcome tell(io::Client& client, const Action& action, const wire::Message& message,
             json::Json said) {
  auto ok = client.ask_for<wire::Ok>(message);
  if (!ok) return Unexpected{explained(ok.error())};
  return Carried{std::move(said), address_after(action)};
}

}  // namespace

std::optional<Action> action_of(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  if (path != "/drain" && path != "/pause") return build_action_of(path);
  const auto query = Query::parse(target.substr(std::min(mark + 1, target.size())));
  Action action;
  action.kind = path == "/drain" ? Action::Kind::Drain : Action::Kind::Pause;
  if (query) action.name = query->word(path == "/drain" ? "worker" : "repository");
  if (action.name.empty()) return std::nullopt;
  action.undo = query->word("undo") == "1";
  return action;
}

std::string drain_address(std::string_view worker, bool undo) {
  return "/drain?worker=" + percent_encoded(worker) + (undo ? "&undo=1" : "");
}

std::string pause_address(std::string_view repository, bool undo) {
  return "/pause?repository=" + percent_encoded(repository) + (undo ? "&undo=1" : "");
}

std::string words_of(const Action& action) {
  switch (action.kind) {
    case Action::Kind::Cancel: return "Cancel " + target_of(action);
    case Action::Kind::Retry: return "Retry " + target_of(action);
    case Action::Kind::Drain: return (action.undo ? "Give jobs again to " : "Drain ") + action.name;
    case Action::Kind::Pause: return (action.undo ? "Go on with " : "Pause ") + action.name;
  }
  return "";
}

std::string address_after(const Action& action) {
  switch (action.kind) {
    case Action::Kind::Cancel:
    case Action::Kind::Retry: return action.job ? "/queue" : build_address(action.build);
    case Action::Kind::Drain: return "/workers";
    case Action::Kind::Pause: return "/queue";
  }
  return "/";
}

Page confirm_page(const Action& action, std::string_view target, std::string_view form_token) {
  Page page;
  page.title = words_of(action);
  Html& html = page.main;
  html.raw("<h1>").text(words_of(action)).raw("?</h1>\n<p>").text(explained(action));
  html.raw("</p>\n<form class=\"action\" method=\"post\" action=\"").text(target).raw("\">\n");
  html.raw("<input type=\"hidden\" name=\"form_token\" value=\"").text(form_token).raw("\">\n");
  if (action.kind == Action::Kind::Cancel)
    html.raw(
        "<p><label>Why, for those who look at it later <input name=\"reason\" "
        "maxlength=\"200\"></label></p>\n");
  html.raw("<p><button>").text(words_of(action)).raw("</button> <a href=\"");
  html.text(address_after(action)).raw("\">No, go back</a></p>\n</form>\n");
  return page;
}

Outcome carry_out(io::Client& client, const Action& action, const std::string& who,
                  const std::string& reason) {
  switch (action.kind) {
    case Action::Kind::Cancel:
      return cancel(client, action, "cancelled by " + who + (reason.empty() ? "" : ": " + reason));
    case Action::Kind::Retry: return retry(client, action);
    case Action::Kind::Drain:
      return tell(client, action, wire::DrainWorker{action.name, !action.undo},
                  {{"worker", action.name}, {"drained", !action.undo}});
    case Action::Kind::Pause:
      return tell(client, action, wire::PauseRepository{action.name, !action.undo},
                  {{"repository", action.name}, {"paused", !action.undo}});
  }
  return Carried{};
}

}  // namespace seaworthy::reporter
