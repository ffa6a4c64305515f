// Routes of the API: what an address below /api/v1 asks for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/ids.h"
#include "shared/base/result.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::api {

inline constexpr std::string_view kPrefix = "/api/v1/";

struct ListBuilds {
  wire::ListBuilds question;
};
struct ShowBuild {
  BuildId build;
};
struct FetchLog {
  JobId job;
  AttemptNumber attempt;  // 0: the latest
  uint64_t offset = 0;
};
struct ShowQueue {
  uint32_t limit = 0;
};
struct ListWorkers {};
struct ListRepositories {
  std::string repository;  // empty: all
};
// Without `after`: none, and where what comes from now on begins.
struct ListEvents {
  std::optional<EventSequence> after;
  uint32_t limit = 0;
};
struct OpenApi {};

using Get = std::variant<ListBuilds, ShowBuild, FetchLog, ShowQueue, ListWorkers, ListRepositories,
                         ListEvents, OpenApi>;

struct Wrong {
  unsigned status = 404;
  std::string detail;
};

// `target`: a path that begins with kPrefix, and a query, as they come.
Result<Get, Wrong> get_of(std::string_view target);

// Cursors are for whoever gave them, and for nobody else to read.
std::string cursor_of(char kind, uint64_t place);

}  // namespace seaworthy::reporter::api
