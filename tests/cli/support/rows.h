// Rows as a broker would send them, with what a test does not care about filled in.
#pragma once

#include "shared/wire/message.h"

namespace seaworthy::test {

inline const std::string kRevision = "1a2b3c4d5e6f708192a3b4c5d6e7f80912345678";

wire::BuildRow a_build(uint64_t number, std::optional<Verdict> verdict = std::nullopt);
wire::JobRow a_job(uint64_t number, const std::string& name,
                   std::optional<Verdict> verdict = std::nullopt);
wire::AttemptRow an_attempt(uint32_t number, const std::string& worker,
                            std::optional<Outcome> outcome = std::nullopt);
wire::EventRow an_event(uint64_t sequence, wire::EventKind kind);

}  // namespace seaworthy::test
