// The durable events as sentences, for the timeline of a build and for `seaworthy up`.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "shared/wire/message.h"

namespace seaworthy::cli::render {

// "job 3 test: attempt 1 assigned to host-1". Plain, without the build's number.
std::string sentence(const wire::EventRow& event);

// One line of `up`: time, build, where it comes from, what happened. No newline.
std::string story_line(const wire::EventRow& event, const Style& style);

}  // namespace seaworthy::cli::render
