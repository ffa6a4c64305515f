// What people see of builds, the queue and workers. Pure: the time is passed in.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "shared/wire/message.h"
#include "shared/words/sentence.h"

namespace seaworthy::cli::render {

std::string builds_page(const wire::BuildList& list, UnixMillis now, const Style& style);
std::string status_page(const wire::QueueStatusOk& queue, const wire::BuildList& last,
                        UnixMillis now, const Style& style);
std::string workers_page(const wire::WorkerList& list, UnixMillis now, const Style& style);
// One build with the story of its jobs and attempts, and of `tests` those that failed.
std::string build_page(const wire::BuildDetail& detail, const wire::TestList& tests, UnixMillis now,
                       const Style& style);

using words::standing;

}  // namespace seaworthy::cli::render
