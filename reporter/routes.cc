#include "reporter/routes.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "reporter/percent.h"

namespace seaworthy::reporter {
namespace {

constexpr std::string_view kRepositories = "/repositories/";

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

// The parts of "attempt=2&offset=10"; the first of a name counts.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  std::string_view word(std::string_view name) const {
    std::string_view left = text_;
    while (!left.empty()) {
      const size_t end = std::min(left.find('&'), left.size());
      const std::string_view part = left.substr(0, end);
      if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
        return part.substr(name.size() + 1);
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    return {};
  }

  std::string text(std::string_view name) const { return query_decoded(word(name)); }
  bool has(std::string_view name) const { return !word(name).empty() || names(name); }
  std::optional<uint64_t> number_if_any(std::string_view name) const {
    return number<uint64_t>(word(name));
  }

  template <class Number = uint64_t>
  Number number_of(std::string_view name, std::type_identity_t<Number> otherwise) const {
    return number<Number>(word(name)).value_or(otherwise);
  }

 private:
  // "wall" of "wall" and of "a=1&wall": a word alone.
  bool names(std::string_view name) const {
    std::string_view left = text_;
    while (!left.empty()) {
      const size_t end = std::min(left.find('&'), left.size());
      if (left.substr(0, end) == name) return true;
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    return false;
  }

  std::string_view text_;
};

LogQuery query_of(const Words& query) {
  return {query.text("q"), query.has("regex"), query.has("case")};
}

TimesShown times_shown_by(const std::string& word) {
  if (word == "relative") return TimesShown::Relative;
  return word == "absolute" ? TimesShown::Absolute : TimesShown::None;
}

std::vector<uint64_t> numbers_of(std::string_view text) {
  constexpr size_t kMost = 512;
  std::vector<uint64_t> numbers;
  while (!text.empty() && numbers.size() < kMost) {
    const size_t end = std::min(text.find(','), text.size());
    numbers.push_back(number<uint64_t>(text.substr(0, end)).value_or(0));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

Route job_route(std::string_view path, const Words& query) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return NoRoute{};
  const auto id = number<uint64_t>(path.substr(0, slash));
  if (!id || *id == 0) return NoRoute{};
  const JobId job{*id};
  const AttemptNumber attempt{query.number_of<uint32_t>("attempt", 0)};
  const std::string_view what = path.substr(slash + 1);
  if (what == "log")
    return LogRoute{job,
                    attempt,
                    query.number_if_any("line"),
                    query.number_if_any("offset"),
                    query_of(query),
                    times_shown_by(query.text("time"))};
  if (what == "log.txt") return RawLogRoute{job, attempt, query.number_of("offset", 0)};
  if (what == "log/rows")
    return LogRowsRoute{job, attempt, query.number_of("row", 0), query.number_of("count", 0)};
  if (what == "log/places")
    return LogPlacesRoute{job, attempt, numbers_of(query.text("offsets")),
                          query.number_if_any("line")};
  if (what == "log/search")
    return LogSearchRoute{job,
                          attempt,
                          query_of(query),
                          query.has("errors"),
                          query.number_of("from", 0),
                          query.number_of("to", 0)};
  if (what == "tests") return JobTestsRoute{job, query.number_of("after", 0)};
  return NoRoute{};
}

}  // namespace

Route route_of(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  const Words query(target.substr(std::min(mark + 1, target.size())));
  if (path == "/" && query.has("wall")) return WallRoute{};
  if (path == "/") return HomeRoute{};
  if (path == "/queue") return QueueRoute{};
  if (path == "/workers") return WorkersRoute{};
  if (path == "/healthz") return HealthRoute{};
  if (path == "/readyz") return ReadyRoute{};
  if (path == "/events") {
    const auto after = number<uint64_t>(query.word("after"));
    return EventsRoute{after ? std::optional(EventSequence{*after}) : std::nullopt};
  }
  if (path.starts_with("/assets/")) return AssetRoute{std::string(path)};
  if (path.starts_with("/builds/")) {
    const auto id = number<uint64_t>(path.substr(8));
    return id && *id > 0 ? Route{BuildRoute{BuildId{*id}}} : Route{NoRoute{}};
  }
  if (path == "/tests") {
    return TestRoute{query.text("repository"), query.text("job"), query.text("suite"),
                     query.text("name")};
  }
  if (path.starts_with(kRepositories) && path.size() > kRepositories.size())
    return RepositoryRoute{percent_decoded(path.substr(kRepositories.size())), query.text("ref"),
                           query.number_of("before", 0)};
  if (path.starts_with("/jobs/")) return job_route(path.substr(6), query);
  return NoRoute{};
}

std::string address_of(const TestRoute& route) {
  return "/tests?repository=" + percent_encoded(route.repository) +
         "&job=" + percent_encoded(route.job_name) + "&suite=" + percent_encoded(route.suite) +
         "&name=" + percent_encoded(route.name);
}

std::string_view host_name_of(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, std::min(host.find(':'), host.size()));
}

}  // namespace seaworthy::reporter
