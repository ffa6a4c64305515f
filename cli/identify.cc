#include "cli/identify.h"

#include <algorithm>
#include <charconv>

#include "cli/render/text.h"

namespace seaworthy::cli {
namespace {

LookupError nothing(std::string message) {
  return {LookupError::Kind::Nothing, std::move(message)};
}

bool is_not_found(const io::ClientError& error) {
  return error.kind == io::ClientError::Kind::Refused && error.code == wire::ErrorCode::NotFound;
}

Result<wire::BuildDetail, LookupError> show(io::Client& client, const wire::ShowBuild& question,
                                            const std::string& advice) {
  auto detail = client.ask_for<wire::BuildDetail>(question);
  if (detail) return std::move(*detail);
  if (is_not_found(detail.error())) return Unexpected{nothing(detail.error().message + advice)};
  return Unexpected{LookupError{LookupError::Kind::NoAnswer, detail.error().message}};
}

Result<wire::BuildDetail, LookupError> newest_of_revision(io::Client& client, std::string prefix,
                                                          bool with_specifications) {
  for (char& c : prefix)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  wire::ListBuilds question;
  question.revision = prefix;
  question.limit = 1;
  auto list = client.ask_for<wire::BuildList>(question);
  if (!list) return Unexpected{LookupError{LookupError::Kind::NoAnswer, list.error().message}};
  const std::string absent = "there is no build of revision " + prefix;
  if (list->builds.empty()) return Unexpected{LookupError{LookupError::Kind::NotYet, absent}};
  return show(client, {list->builds.front().build, {}, with_specifications}, "");
}

std::string names_of(const std::vector<wire::JobRow>& jobs) {
  constexpr size_t kMost = 20;
  std::string names;
  for (size_t i = 0; i < jobs.size() && i < kMost; ++i)
    names += (i == 0 ? "" : ", ") + render::printable(jobs[i].name);
  return jobs.size() > kMost ? names + ", …" : names;
}

Result<FoundJob, LookupError> job_in(wire::BuildDetail detail, const std::string& name) {
  auto index_where = [&detail](auto matches) {
    auto found = std::find_if(detail.jobs.begin(), detail.jobs.end(), matches);
    return static_cast<size_t>(found - detail.jobs.begin());
  };
  size_t index = index_where([&](const wire::JobRow& job) { return job.name == name; });
  if (index == detail.jobs.size())
    if (auto number = parse_number(name))
      index = index_where([&](const wire::JobRow& job) { return job.job.value == *number; });
  if (index == detail.jobs.size())
    return Unexpected{nothing("build " + std::to_string(detail.build.build.value) +
                              " has no job '" + render::printable(name, 100) + "': its jobs are " +
                              names_of(detail.jobs))};
  return FoundJob{std::move(detail), index};
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

bool is_revision_prefix(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::optional<JobPath> parse_job_path(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return std::nullopt;
  return JobPath{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Result<wire::BuildDetail, LookupError> find_build(io::Client& client, const std::string& text,
                                                  bool with_specifications) {
  const auto number = parse_number(text);
  const bool may_be_revision = is_revision_prefix(text);
  if (number) {
    auto detail = show(client, {BuildId{*number}, {}, with_specifications},
                       " (`seaworthy builds` lists those there are)");
    const bool absent = !detail && detail.error().kind == LookupError::Kind::Nothing;
    if (!absent || !may_be_revision) return detail;
    auto by_revision = newest_of_revision(client, text, with_specifications);
    // A full revision may be all digits; anything shorter was meant as a build's number.
    const bool not_yet = !by_revision && by_revision.error().kind == LookupError::Kind::NotYet;
    return not_yet && text.size() < 40 ? std::move(detail) : std::move(by_revision);
  }
  if (may_be_revision) return newest_of_revision(client, text, with_specifications);
  return Unexpected{nothing("'" + render::printable(text, 100) +
                            "' is neither a build's number nor a revision of 4 or more hex "
                            "digits: `seaworthy builds` lists builds")};
}

Result<FoundJob, LookupError> find_job(io::Client& client, const std::string& text,
                                       bool with_specifications) {
  if (auto path = parse_job_path(text)) {
    auto detail = find_build(client, path->build, with_specifications);
    if (!detail) return Unexpected{detail.error()};
    return job_in(std::move(*detail), path->name);
  }
  const auto number = parse_number(text);
  if (!number)
    return Unexpected{nothing("'" + render::printable(text, 100) +
                              "' is neither a job's number nor BUILD/NAME: `seaworthy show BUILD` "
                              "lists the jobs of a build")};
  auto detail = show(client, {{}, JobId{*number}, with_specifications},
                     " (`seaworthy show BUILD` lists the jobs of a build)");
  if (!detail) return Unexpected{detail.error()};
  return job_in(std::move(*detail), text);
}

}  // namespace seaworthy::cli
