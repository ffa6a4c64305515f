// Outcome says how one attempt ended; Verdict is the judgement over the attempts of a job, or the
// jobs of a build. "The job failed" (Failed, TimedOut) is a fact about the code under test and is
// never repeated silently. "The machinery failed" (Lost, Broken) is a fact about us and is
// repeated, up to limits.h. The words below are the ones on the wire, in the store and in --json:
// they never change.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace seaworthy {

enum class Outcome : uint8_t {
  Passed = 1,
  Failed = 2,     // a step exited with other than 0
  TimedOut = 3,   // the job ran into its time-out; judged Failed
  Cancelled = 4,  // a person asked for it
  Lost = 5,       // the worker that held the lease is gone
  Broken = 6,     // the worker could not run it: checkout failed, disk full, no shell
};

enum class Verdict : uint8_t {
  Passed = 1,
  Failed = 2,
  Flaky = 3,  // failed and then passed on the same revision
  Cancelled = 4,
  Skipped = 5,       // there was nothing to run, or what it needs did not pass
  Inconclusive = 6,  // the machinery failed too often to say
};

enum class State : uint8_t {
  Queued = 1,    // job: ready, or waiting for what it needs. build: nothing of it has started
  Running = 2,   // job: leased. build: some job started
  Finished = 3,  // has its verdict
};

std::string_view to_string(Outcome outcome);
std::string_view to_string(Verdict verdict);
std::string_view to_string(State state);
std::optional<Outcome> parse_outcome(std::string_view word);
std::optional<Verdict> parse_verdict(std::string_view word);
std::optional<State> parse_state(std::string_view word);

// The verdict of a job whose attempt ended like this. Lost and Broken give one only when the budget
// is used up.
Verdict verdict_of(Outcome outcome);

// The verdict of a build: the gravest of its jobs'. Skipped jobs do not make a passed build less
// than passed.
Verdict gravest(Verdict a, Verdict b);

}  // namespace seaworthy
