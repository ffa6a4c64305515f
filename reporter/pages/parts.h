// What several pages show in the same way. Verdicts have a shape and a word beside their colour, so
// that nothing is lost to who does not see colours. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reporter/html.h"
#include "shared/wire/message.h"

namespace seaworthy::reporter::parts {

// A shape only, with the word as its name: for strips.
void put_mark(Html& html, State state, std::optional<Verdict> verdict);
// The shape alone, within a picture; places in its units.
void put_mark_at(Html& html, State state, std::optional<Verdict> verdict, uint64_t x, uint64_t y);
// Shape and word.
void put_verdict(Html& html, State state, std::optional<Verdict> verdict);
void put_outcome(Html& html, std::optional<Outcome> outcome);

// "15:23:55" of today, else with its date; the whole time when pointed at.
void put_time(Html& html, UnixMillis at, UnixMillis now);
// How long ago something began that goes on: the page counts on.
void put_running_time(Html& html, UnixMillis since, UnixMillis now);

// How far something is that goes on, by how long it usually takes: a bar that the page moves on,
// and when it will probably end.
void put_progress(Html& html, UnixMillis since, Duration usual, UnixMillis now);

// Links with their words.
void put_build(Html& html, BuildId build);
void put_job(Html& html, JobId job, std::string_view name);
// The first ten digits; all of them when pointed at.
void put_revision(Html& html, std::string_view revision);
void put_repository(Html& html, std::string_view repository);
void put_ref(Html& html, std::string_view repository, std::string_view ref);
// The path of a repository's page, with what may follow: "?ref=", percent-encoded.
std::string address_of(std::string_view repository, std::string_view ref);

// What an operator may do with a build or a job. `path`: of what it is about, "/builds/". One that
// has its verdict is not cancelled.
void put_actions(Html& html, Literal path, uint64_t number, bool is_finished);

// An author without the address: "Ada" of "Ada <ada@example.org>".
std::string_view name_of(std::string_view author);

// Text of several lines, or of words with spaces, as it is.
void put_note(Html& html, std::string_view note);

}  // namespace seaworthy::reporter::parts
