// What happened, and how a build stands, as sentences: the same on a terminal and on a page.
// Foreign text in them is one printable line; who shows it escapes it. Pure.
#pragma once

#include <string>

#include "shared/wire/message.h"

namespace seaworthy::words {

// "job 3 test: attempt 1 assigned to host-1". Without the build's number.
std::string sentence(const wire::EventRow& event);

// How long it has taken, until now if it runs: "3.2 s"; empty before it starts.
std::string took(const wire::BuildRow& build, UnixMillis now);

// "passed in 3.2 s", "running for 1.0 s", "queued".
std::string standing(const wire::BuildRow& build, UnixMillis now);

}  // namespace seaworthy::words
