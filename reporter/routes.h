// Routes: which page an address asks for. What cannot be one is none; nothing but the names of a
// test is decoded, and no path is ever a file's. Pure.
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

using Route = std::variant<NoRoute, HomeRoute, QueueRoute, WorkersRoute, HealthRoute, ReadyRoute,
                           BuildRoute, LogRoute, LogTailRoute, RawLogRoute, EventsRoute, AssetRoute,
                           JobTestsRoute, TestRoute>;

// `target`: a path and a query, as they come.
Route route_of(std::string_view target);
// The target that leads to it.
std::string address_of(const TestRoute& route);

// The name before the port: "[::1]" of "[::1]:8080".
std::string_view host_name_of(std::string_view host);

}  // namespace seaworthy::reporter
