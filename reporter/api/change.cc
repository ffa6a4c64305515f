#include "reporter/api/change.h"

#include <nlohmann/json.hpp>

#include "reporter/entry/visitor.h"

namespace seaworthy::reporter::api {
namespace {

Unexpected<Wrong> wrong(unsigned status, std::string detail) {
  return Unexpected{Wrong{status, std::move(detail)}};
}

// An object; an empty one where nothing is said.
Result<nlohmann::json, Wrong> body_of(const http::Request& request) {
  if (request.body.empty()) return nlohmann::json::object();
  const std::string_view type = only_field(request, "Content-Type");
  if (type.substr(0, type.find(';')) != "application/json")
    return wrong(415, "The body must be application/json.");
  // Flat: what would nest is not read at all.
  constexpr int kDeepest = 2;
  bool is_deep = false;
  nlohmann::json body = nlohmann::json::parse(
      request.body,
      [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        return !(is_deep = is_deep || depth > kDeepest);
      },
      /*allow_exceptions=*/false);
  if (is_deep || !body.is_object()) return wrong(400, "The body must be one flat JSON object.");
  return body;
}

Result<std::string, Wrong> text_in(const nlohmann::json& body, const char* name, bool is_needed) {
  const auto found = body.find(name);
  if (found == body.end() && !is_needed) return std::string();
  if (found != body.end() && found->is_string()) return found->get<std::string>();
  return wrong(400, "The body must have '" + std::string(name) + "', a text.");
}

Result<Change, Wrong> named(Action::Kind kind, const nlohmann::json& body, const char* name,
                            const char* state) {
  Change change;
  change.action.kind = kind;
  auto text = text_in(body, name, true);
  if (!text) return Unexpected{text.error()};
  const auto is_so = body.find(state);
  if (text->empty() || is_so == body.end() || !is_so->is_boolean())
    return wrong(400, "The body must have '" + std::string(name) + "', a text, and '" +
                          std::string(state) + "', true or false.");
  change.action.name = std::move(*text);
  change.action.undo = !is_so->get<bool>();
  return change;
}

}  // namespace

Result<Change, Wrong> change_of(const http::Request& request) {
  const std::string_view target = std::string_view(request.target);
  const std::string_view path = target.substr(0, target.find('?')).substr(kPrefix.size() - 1);
  auto body = body_of(request);
  if (!body) return Unexpected{body.error()};
  if (path == "/drain") return named(Action::Kind::Drain, *body, "worker", "drained");
  if (path == "/pause") return named(Action::Kind::Pause, *body, "repository", "paused");
  const auto action = action_of(path);
  if (!action) return wrong(404, "Nothing can be changed at this address.");
  auto reason = text_in(*body, "reason", false);
  if (!reason) return Unexpected{reason.error()};
  return Change{*action, std::move(*reason)};
}

}  // namespace seaworthy::reporter::api
