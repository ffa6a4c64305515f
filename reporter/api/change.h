// What the API is told to change: POST, with JSON where something is to be said. Pure.
#pragma once

#include <string>

#include "reporter/actions.h"
#include "reporter/api/routes.h"

namespace seaworthy::reporter::api {

struct Change {
  Action action;
  std::string reason;
};

// POST /api/v1/builds/N/cancel, …/retry, /api/v1/jobs/N/cancel, …/retry, /api/v1/drain,
// /api/v1/pause.
Result<Change, Wrong> change_of(const http::Request& request);

}  // namespace seaworthy::reporter::api
