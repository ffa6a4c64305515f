// The durable events as sentences, for the timeline of a build and for `seaworthy up`.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "shared/wire/message.h"
#include "shared/words/sentence.h"

namespace seaworthy::cli::render {

using words::sentence;

// One line of `up`: time, build, where it comes from, what happened. No newline.
std::string story_line(const wire::EventRow& event, const Style& style);

}  // namespace seaworthy::cli::render
