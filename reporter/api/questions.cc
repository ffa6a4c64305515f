#include "reporter/api/questions.h"

#include <algorithm>

#include "reporter/api/answers.h"
#include "reporter/branches.h"
#include "reporter/live_log.h"

namespace seaworthy::reporter::api {
namespace {

using json::array_of;
using json::Json;

Found found(const Json& json) {
  Found result;
  result.answer = json_answer(json);
  return result;
}

Json event_of(const wire::EventRow& event) {
  Json json = json::event_object(event);
  json["repository"] = event.repository;
  json["ref"] = event.ref;
  json["revision"] = event.revision;
  json["job_name"] = json::null_or(event.job_name);
  return json;
}

Json branch_object(const std::string& ref, const Branch& branch) {
  const wire::BuildRow* judged = branch.judged();
  return {{"ref", ref},
          {"head", json::null_or(branch.head)},
          {"newest", branch.newest.empty() ? Json() : json::build_object(branch.newest.front())},
          {"last_verdict", judged == nullptr ? Json() : json::build_object(*judged)}};
}

}  // namespace

Asked ask(io::Client& client, const ListBuilds& route) {
  auto list = client.ask_for<wire::BuildList>(route.question);
  if (!list) return Unexpected{list.error()};
  Json json = {{"builds", array_of(list->builds, json::build_object)}, {"next", nullptr}};
  // An answer may be shorter than asked for: only an empty one is the end.
  if (!list->builds.empty()) json["next"] = cursor_of('b', list->builds.back().rank);
  return found(json);
}

Asked ask(io::Client& client, const ShowBuild& route) {
  auto detail = client.ask_for<wire::BuildDetail>(wire::ShowBuild{route.build, {}, false});
  if (!detail) return Unexpected{detail.error()};
  return found(json::detail_object(*detail));
}

Asked ask(io::Client& client, const FetchLog& route) {
  auto piece = fetch_output(client, route.job, route.attempt, route.offset);
  if (!piece) return Unexpected{piece.error()};
  http::Answer& answer = piece->answer;
  answer.content_type = "application/octet-stream";
  answer.cache_control = "no-store";
  answer.body = std::move(piece->bytes);
  const uint64_t next = piece->offset + answer.body.size();
  answer.fields = {{"X-Seaworthy-Attempt", std::to_string(piece->attempt.value)},
                   {"X-Seaworthy-Offset", std::to_string(piece->offset)},
                   {"X-Seaworthy-Next", std::to_string(next)},
                   {"X-Seaworthy-Complete", piece->complete ? "true" : "false"}};
  return std::move(*piece);
}

Asked ask(io::Client& client, const ShowQueue& route) {
  auto queue = client.ask_for<wire::QueueStatusOk>(wire::QueueStatus{route.limit});
  if (!queue) return Unexpected{queue.error()};
  return found(json::queue_object(*queue));
}

Asked ask(io::Client& client, const ListWorkers&) {
  auto list = client.ask_for<wire::WorkerList>(wire::ListWorkers{});
  if (!list) return Unexpected{list.error()};
  return found({{"workers", array_of(list->workers, json::worker_object)}});
}

Asked ask(io::Client& client, const ListRepositories& route) {
  auto all = ask_repositories(client, route.repository);
  if (!all) return Unexpected{all.error()};
  auto queue = client.ask_for<wire::QueueStatusOk>(wire::QueueStatus{0});
  if (!queue) return Unexpected{queue.error()};
  Json list = Json::array();
  for (const auto& [name, branches] : *all) {
    Json refs = Json::array();
    for (const auto& [ref, branch] : branches) refs.push_back(branch_object(ref, branch));
    const bool is_paused = std::ranges::find(queue->paused, name) != queue->paused.end();
    list.push_back({{"repository", name}, {"paused", is_paused}, {"branches", std::move(refs)}});
  }
  return found({{"repositories", std::move(list)}});
}

Asked ask(io::Client& client, const ListEvents& route) {
  auto events = client.ask_for<wire::Events>(wire::FetchEvents{route.after, route.limit, 0});
  if (!events) return Unexpected{events.error()};
  return found({{"events", array_of(events->events, event_of)},
                {"next", cursor_of('e', events->last.value)}});
}

}  // namespace seaworthy::reporter::api
