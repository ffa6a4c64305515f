#include "reporter/news/requests.h"

#include <nlohmann/json.hpp>

#include "reporter/news/core/encode.h"
#include "reporter/news/sign.h"
#include "reporter/percent.h"
#include "shared/base/assert.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::news {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kDescriptionBytes = 140;  // GitHub's limit; the others allow more
constexpr size_t kChatLineBytes = 300;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json null_or(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json null_or(UnixMillis at) { return at ? Json(at.value) : Json(nullptr); }
Json null_or(const std::optional<Verdict>& verdict) {
  return verdict ? Json(to_string(*verdict)) : Json(nullptr);
}

Json job_object(const Story& story, const wire::JobRow& job) {
  return {{"job", job.job.value},
          {"name", job.name},
          {"verdict", null_or(job.verdict)},
          {"attempts", job.attempts.size()},
          {"detail", null_or(job.attempts.empty() ? job.note : job.attempts.back().detail)},
          {"log_url", null_or(job_link(story, job.job))}};
}

std::string webhook_body(const Story& story) {
  const wire::BuildRow& build = story.build;
  Json jobs = Json::array();
  for (const JobStory& job : story.jobs) jobs.push_back(job_object(story, job.row));
  return text_of(Json{{"id", id_of(story.event)},
                      {"event", wire::to_string(story.event.kind)},
                      {"sequence", story.event.sequence.value},
                      {"at_ms", story.event.at.value},
                      {"build", build.build.value},
                      {"repository", build.repository},
                      {"ref", build.ref},
                      {"revision", build.revision},
                      {"subject", build.subject},
                      {"author", build.author},
                      {"verdict", null_or(build.verdict)},
                      {"verdict_before", null_or(story.before)},
                      {"change", story.is_change},
                      {"submitted_ms", null_or(build.submitted)},
                      {"started_ms", null_or(build.started)},
                      {"finished_ms", null_or(build.finished)},
                      {"url", null_or(build_link(story))},
                      {"jobs", std::move(jobs)}});
}

// What forges call it. They have no word for a build that says nothing: skipped is no reason to
// hold a commit back, a cancelled or inconclusive one is no reason to let it pass.
std::string state_of(Kind kind, const Story& story) {
  const bool is_gitlab = kind == Kind::Gitlab;
  if (story.event.kind != wire::EventKind::BuildFinished || !story.build.verdict) return "pending";
  switch (*story.build.verdict) {
    case Verdict::Passed:
    case Verdict::Flaky:
    case Verdict::Skipped: return "success";
    case Verdict::Failed: return is_gitlab ? "failed" : "failure";
    case Verdict::Cancelled: return is_gitlab ? "canceled" : "error";
    case Verdict::Inconclusive: return is_gitlab ? "failed" : "error";
  }
  return "error";
}

std::string description_of(const Story& story) {
  if (story.event.kind != wire::EventKind::BuildFinished) return "Seen, waiting for its jobs";
  const std::string text =
      words::standing(story.build, story.build.finished) + ": " + jobs_in_words(story);
  return one_line(text, kDescriptionBytes);
}

// "%2Fowner/na me" cannot come out of a project's name.
std::string path_of(const std::string& project) {
  std::string path;
  for (char c : project) c == '/' ? path.push_back(c) : void(path += percent_encoded({&c, 1}));
  return path;
}

HttpRequest github_status(const Target& target, const Story& story) {
  Json body{{"state", state_of(target.kind, story)},
            {"description", description_of(story)},
            {"context", target.context}};
  if (const std::string link = build_link(story); !link.empty()) body["target_url"] = link;
  const std::string base = target.kind == Kind::Github ? target.url : target.url + "/api/v1";
  HttpRequest request{base + "/repos/" + path_of(story.telling.project) + "/statuses/" +
                          percent_encoded(story.build.revision),
                      {},
                      text_of(body)};
  if (target.kind == Kind::Github)
    request.headers = {"Authorization: Bearer " + target.secret,
                       "Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28"};
  else
    request.headers = {"Authorization: token " + target.secret, "Accept: application/json"};
  return request;
}

// Of a branch or a tag; others have none there.
std::string name_at_gitlab(std::string_view ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/tags/"})
    if (ref.starts_with(prefix)) return std::string(ref.substr(prefix.size()));
  return "";
}

HttpRequest gitlab_status(const Target& target, const Story& story) {
  Json body{{"state", state_of(target.kind, story)},
            {"name", target.context},
            {"description", description_of(story)}};
  if (const std::string name = name_at_gitlab(story.build.ref); !name.empty()) body["ref"] = name;
  if (const std::string link = build_link(story); !link.empty()) body["target_url"] = link;
  return {target.url + "/api/v4/projects/" + percent_encoded(story.telling.project) + "/statuses/" +
              percent_encoded(story.build.revision),
          {"PRIVATE-TOKEN: " + target.secret},
          text_of(body)};
}

// Chats read < > & as marks of their own, and tell everybody where they find @channel.
std::string for_chat(std::string_view text) {
  std::string result;
  for (char c : one_line(text, kChatLineBytes)) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '@': result += "@\xe2\x80\x8b"; break;  // a space without width: nobody is called so
      default: result.push_back(c);
    }
  }
  return result;
}

HttpRequest chat_message(const Target& target, const Story& story) {
  const wire::BuildRow& build = story.build;
  std::string title = "Build " + std::to_string(build.build.value);
  if (const std::string link = build_link(story); !link.empty())
    title = "<" + link + "|" + title + ">";
  const std::string text =
      for_chat(headline(story)) + "\n" + title + " of " + words::short_revision(build.revision) +
      ", " + for_chat(words::standing(build, build.finished) + ": " + jobs_in_words(story));
  return {target.url, {}, text_of(Json{{"text", text}})};
}

HttpRequest webhook(const Target& target, const Story& story) {
  HttpRequest request{target.url,
                      {"X-Seaworthy-Event: " + std::string(wire::to_string(story.event.kind)),
                       "X-Seaworthy-Delivery: " + id_of(story.event)},
                      webhook_body(story)};
  if (!target.secret.empty())
    request.headers.push_back("X-Seaworthy-Signature: " +
                              signature_of(target.secret, request.body));
  return request;
}

}  // namespace

HttpRequest request_for(const Target& target, const Story& story) {
  switch (target.kind) {
    case Kind::Webhook: return webhook(target, story);
    case Kind::Slack: return chat_message(target, story);
    case Kind::Github:
    case Kind::Gitea: return github_status(target, story);
    case Kind::Gitlab: return gitlab_status(target, story);
    case Kind::Mail: break;
  }
  SW_ASSERT(!"a mail is no request");
  return {};
}

}  // namespace seaworthy::reporter::news
