#include "shared/model/verdict.h"

#include <array>
#include <utility>

#include "shared/base/assert.h"

namespace seaworthy {
namespace {

template <class Enum, size_t kCount>
using Words = std::array<std::pair<Enum, std::string_view>, kCount>;

constexpr Words<Outcome, 6> kOutcomes{{{Outcome::Passed, "passed"},
                                       {Outcome::Failed, "failed"},
                                       {Outcome::TimedOut, "timed_out"},
                                       {Outcome::Cancelled, "cancelled"},
                                       {Outcome::Lost, "lost"},
                                       {Outcome::Broken, "broken"}}};
constexpr Words<Verdict, 6> kVerdicts{{{Verdict::Passed, "passed"},
                                       {Verdict::Failed, "failed"},
                                       {Verdict::Flaky, "flaky"},
                                       {Verdict::Cancelled, "cancelled"},
                                       {Verdict::Skipped, "skipped"},
                                       {Verdict::Inconclusive, "inconclusive"}}};
constexpr Words<State, 3> kStates{
    {{State::Queued, "queued"}, {State::Running, "running"}, {State::Finished, "finished"}}};

template <class Table, class Enum>
std::string_view word_for(const Table& table, Enum value) {
  for (const auto& [candidate, word] : table)
    if (candidate == value) return word;
  SW_ASSERT(!"an enumerator without a word");
  return {};
}

template <class Enum, class Table>
std::optional<Enum> value_for(const Table& table, std::string_view word) {
  for (const auto& [value, candidate] : table)
    if (candidate == word) return value;
  return std::nullopt;
}

int gravity(Verdict verdict) {
  switch (verdict) {
    case Verdict::Skipped: return 0;
    case Verdict::Passed: return 1;
    case Verdict::Flaky: return 2;
    case Verdict::Cancelled: return 3;
    case Verdict::Inconclusive: return 4;
    case Verdict::Failed: return 5;
  }
  SW_ASSERT(!"unknown verdict");
  return 0;
}

}  // namespace

std::string_view to_string(Outcome outcome) { return word_for(kOutcomes, outcome); }
std::string_view to_string(Verdict verdict) { return word_for(kVerdicts, verdict); }
std::string_view to_string(State state) { return word_for(kStates, state); }
std::optional<Outcome> parse_outcome(std::string_view word) {
  return value_for<Outcome>(kOutcomes, word);
}
std::optional<Verdict> parse_verdict(std::string_view word) {
  return value_for<Verdict>(kVerdicts, word);
}
std::optional<State> parse_state(std::string_view word) { return value_for<State>(kStates, word); }

Verdict verdict_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Passed: return Verdict::Passed;
    case Outcome::Failed:
    case Outcome::TimedOut: return Verdict::Failed;
    case Outcome::Cancelled: return Verdict::Cancelled;
    case Outcome::Lost:
    case Outcome::Broken: return Verdict::Inconclusive;
  }
  SW_ASSERT(!"unknown outcome");
  return Verdict::Inconclusive;
}

Verdict gravest(Verdict a, Verdict b) { return gravity(a) < gravity(b) ? b : a; }

}  // namespace seaworthy
