// Routes: which page an address asks for. What cannot be one is none; nothing is decoded, since no
// address of ours needs it, and no path is ever a file's. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reporter/ansi.h"
#include "shared/base/ids.h"

namespace seaworthy::reporter {

struct HomeRoute {};
struct QueueRoute {};
struct WorkersRoute {};
struct HealthRoute {};
struct ReadyRoute {};
struct BuildRoute {
  BuildId build;
};
struct LogRoute {
  JobId job;
  AttemptNumber attempt;  // 0: the latest
};
// More lines for a log page that is open.
struct LogTailRoute {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
  uint64_t line = 1;
  Look look;
};
struct RawLogRoute {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
};
struct EventsRoute {
  std::optional<EventSequence> after;
};
struct AssetRoute {
  std::string path;
};
struct NoRoute {};

using Route =
    std::variant<NoRoute, HomeRoute, QueueRoute, WorkersRoute, HealthRoute, ReadyRoute, BuildRoute,
                 LogRoute, LogTailRoute, RawLogRoute, EventsRoute, AssetRoute>;

// `target`: a path and a query, as they come.
Route route_of(std::string_view target);

// The name before the port: "[::1]" of "[::1]:8080".
std::string_view host_name_of(std::string_view host);

}  // namespace seaworthy::reporter
