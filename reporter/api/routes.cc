#include "reporter/api/routes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "reporter/query.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter::api {
namespace {

constexpr uint32_t kRows = 50;  // where no limit is asked for
constexpr char kBuilds = 'b', kEvents = 'e';

Unexpected<Wrong> wrong(std::string detail) { return Unexpected{Wrong{400, std::move(detail)}}; }

Unexpected<Wrong> not_here() {
  return Unexpected{Wrong{404,
                          "There is nothing at this address: /api/v1/openapi.json says what "
                          "there is."}};
}

Result<uint64_t, Wrong> number_of(const Query& query, std::string_view name, uint64_t otherwise,
                                  uint64_t most = UINT64_MAX) {
  if (!query.has(name)) return otherwise;
  const auto number = parse_number(query.word(name));
  if (number && *number <= most) return *number;
  return wrong("'" + std::string(name) + "' is no whole number" +
               (most == UINT64_MAX ? "" : " up to " + std::to_string(most)) +
               ": leave it out, or "
               "correct it.");
}

Result<std::optional<uint64_t>, Wrong> cursor_in(const Query& query, char kind) {
  const std::string& text = query.word("cursor");
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t place = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + 1, end, place, 16);
  if (text.front() == kind && text.size() > 1 && error == std::errc{} && rest == end)
    return std::optional(place);
  return wrong("'cursor' is none that this list gave: begin without one.");
}

Result<uint32_t, Wrong> limit_in(const Query& query) {
  auto limit = number_of(query, "limit", kRows, limits::kApiRows);
  if (!limit) return Unexpected{limit.error()};
  return static_cast<uint32_t>(std::max<uint64_t>(*limit, 1));
}

Result<Get, Wrong> builds_of(const Query& query) {
  ListBuilds list;
  list.question.repository = query.word("repository");
  list.question.ref = query.word("ref");
  list.question.revision = query.word("revision");
  auto limit = limit_in(query);
  if (!limit) return Unexpected{limit.error()};
  auto before = cursor_in(query, kBuilds);
  if (!before) return Unexpected{before.error()};
  list.question.limit = *limit;
  list.question.before = before->value_or(0);
  return Get{list};
}

Result<Get, Wrong> events_of(const Query& query) {
  ListEvents list;
  auto limit = limit_in(query);
  if (!limit) return Unexpected{limit.error()};
  list.limit = *limit;
  if (query.word("cursor") == "start") {
    list.after = EventSequence{0};
    return Get{list};
  }
  auto after = cursor_in(query, kEvents);
  if (!after) return Unexpected{after.error()};
  if (*after) list.after = EventSequence{**after};
  return Get{list};
}

Result<Get, Wrong> log_of(std::string_view job, const Query& query) {
  const auto number = parse_number(job);
  auto attempt = number_of(query, "attempt", 0, UINT32_MAX);
  if (!attempt) return Unexpected{attempt.error()};
  auto offset = number_of(query, "offset", 0);
  if (!offset) return Unexpected{offset.error()};
  if (!number || *number == 0) return not_here();
  return Get{FetchLog{{*number}, {static_cast<uint32_t>(*attempt)}, *offset}};
}

}  // namespace

std::string cursor_of(char kind, uint64_t place) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), place, 16).ptr;
  return kind + std::string(text.data(), end);
}

Result<Get, Wrong> get_of(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  const auto query = Query::parse(target.substr(std::min(mark + 1, target.size())));
  if (!query) return wrong("The part behind '?' is not encoded as an address is.");
  path.remove_prefix(std::min(kPrefix.size(), path.size()));
  if (path == "openapi.json") return Get{OpenApi{}};
  if (path == "builds") return builds_of(*query);
  if (path == "events") return events_of(*query);
  if (path == "workers") return Get{ListWorkers{}};
  if (path == "repositories") return Get{ListRepositories{query->word("repository")}};
  if (path == "queue") {
    auto limit = limit_in(*query);
    if (!limit) return Unexpected{limit.error()};
    return Get{ShowQueue{*limit}};
  }
  if (path.starts_with("builds/")) {
    const auto build = parse_number(path.substr(7));
    if (build && *build > 0) return Get{ShowBuild{{*build}}};
  }
  if (path.starts_with("jobs/") && path.ends_with("/log") && path.size() > 9)
    return log_of(path.substr(5, path.size() - 9), *query);
  return not_here();
}

}  // namespace seaworthy::reporter::api
