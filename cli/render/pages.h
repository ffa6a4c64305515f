// What people see of builds, the queue and workers. Pure: the time is passed in.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "shared/wire/message.h"

namespace seaworthy::cli::render {

std::string builds_page(const wire::BuildList& list, UnixMillis now, const Style& style);
std::string status_page(const wire::QueueStatusOk& queue, const wire::BuildList& last,
                        UnixMillis now, const Style& style);
std::string workers_page(const wire::WorkerList& list, UnixMillis now, const Style& style);
// One build with the story of its jobs and attempts.
std::string build_page(const wire::BuildDetail& detail, UnixMillis now, const Style& style);

// "passed in 3.2 s", "running for 1.0 s", "queued".
std::string standing(const wire::BuildRow& build, UnixMillis now);

}  // namespace seaworthy::cli::render
