// The shapes of --json: a contract with other programs, kept stable and documented. Times are wall
// clock in Unix milliseconds; what has not happened or does not apply is null; keys stand in one
// order. Bytes that are no UTF-8 are replaced, never an error.
#pragma once

#include <string>

#include "shared/wire/message.h"

namespace seaworthy::cli::render {

std::string builds_json(const wire::BuildList& list);
std::string build_json(const wire::BuildDetail& detail);
// Of `tests`: {build, jobs, tests}.
std::string tests_json(const wire::TestList& list);
std::string workers_json(const wire::WorkerList& list);
// Of `submit`: [{revision, build, duplicate}].
std::string submitted_json(const wire::SubmitOk& ok);
// Of `health`: the broker at `endpoint`, which answered.
std::string health_json(const std::string& endpoint, const wire::Pong& pong);
std::string status_json(const wire::QueueStatusOk& queue, const wire::BuildList& last);

}  // namespace seaworthy::cli::render
