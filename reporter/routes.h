// Routes: which page an address asks for. What cannot be one is none, and no path is ever a file's;
// what people type, and the names of repositories, are percent-decoded. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reporter/log_search.h"
#include "shared/base/ids.h"

namespace seaworthy::reporter {

struct HomeRoute {};
struct QueueRoute {};
struct WorkersRoute {};
struct WallRoute {};
// The builds of one repository.
struct RepositoryRoute {
  std::string repository;
  std::string ref;      // empty: of all
  uint64_t before = 0;  // rank: older ones only; 0: from the newest
};
struct HealthRoute {};
struct ReadyRoute {};
struct BuildRoute {
  BuildId build;
};
enum class TimesShown : uint8_t { None, Relative, Absolute };
struct LogRoute {
  JobId job;
  AttemptNumber attempt;                // 0: the latest
  std::optional<uint64_t> line = {};    // to begin with; or
  std::optional<uint64_t> offset = {};  // the line that has this byte
  LogQuery query = {};                  // only the lines that it finds, unless its text is empty
  TimesShown times = TimesShown::None;
};
// Rows for a log page that is open, and how much there is.
struct LogRowsRoute {
  JobId job;
  AttemptNumber attempt;
  uint64_t row = 0;
  uint64_t count = 0;
};
// In which rows these bytes and this line stand.
struct LogPlacesRoute {
  JobId job;
  AttemptNumber attempt;
  std::vector<uint64_t> offsets;
  std::optional<uint64_t> line;
};
// Which rows are found.
struct LogSearchRoute {
  JobId job;
  AttemptNumber attempt;
  LogQuery query;
  bool errors = false;  // those that tell of an error, instead of `query`
  uint64_t from = 0;    // bytes into the output
  uint64_t to = 0;      // 0: to its end
};
struct RawLogRoute {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
};
struct JobTestsRoute {
  JobId job;
  uint64_t after = 0;  // of the page before: TestList.next
};
// The history of a test.
struct TestRoute {
  std::string repository;
  std::string job_name;
  std::string suite;
  std::string name;
};
struct EventsRoute {
  std::optional<EventSequence> after;
};
struct AssetRoute {
  std::string path;
};
struct NoRoute {};

using Route =
    std::variant<NoRoute, HomeRoute, WallRoute, RepositoryRoute, QueueRoute, WorkersRoute,
                 HealthRoute, ReadyRoute, BuildRoute, LogRoute, LogRowsRoute, LogPlacesRoute,
                 LogSearchRoute, RawLogRoute, EventsRoute, AssetRoute, JobTestsRoute, TestRoute>;

// `target`: a path and a query, as they come.
Route route_of(std::string_view target);
// The target that leads to it.
std::string address_of(const TestRoute& route);

// The name before the port: "[::1]" of "[::1]:8080".
std::string_view host_name_of(std::string_view host);

}  // namespace seaworthy::reporter
