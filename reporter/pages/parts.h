// What several pages show in the same way. Verdicts have a shape and a word beside their colour, so
// that nothing is lost to who does not see colours. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reporter/html.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::parts {

// A shape only, with the word as its name: for strips.
void put_mark(Html& html, State state, std::optional<Verdict> verdict);
// Shape and word.
void put_verdict(Html& html, State state, std::optional<Verdict> verdict);
void put_outcome(Html& html, std::optional<Outcome> outcome);

// "15:23:55" of today, else with its date; the whole time when pointed at.
void put_time(Html& html, UnixMillis at, UnixMillis now);
// How long ago something began that goes on: the page counts on.
void put_running_time(Html& html, UnixMillis since, UnixMillis now);

// Links with their words.
void put_build(Html& html, BuildId build);
void put_job(Html& html, JobId job, std::string_view name);
// The first ten digits; all of them when pointed at.
void put_revision(Html& html, std::string_view revision);
void put_repository(Html& html, std::string_view repository);

// Text of several lines, or of words with spaces, as it is.
void put_note(Html& html, std::string_view note);

}  // namespace seaworthy::reporter::parts
