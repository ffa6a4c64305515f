#include "broker/core/counters.h"

#include <algorithm>

#include "shared/base/overloaded.h"

namespace seaworthy::broker {
namespace {

// From what a person does not notice to what nobody waits for.
constexpr std::array<uint64_t, 12> kTimesMs{100,     300,       1'000,     3'000,
                                            10'000,  30'000,    60'000,    180'000,
                                            600'000, 1'800'000, 3'600'000, 10'800'000};
// From a disk with a cache of its own to one that is nearly broken.
constexpr std::array<uint64_t, 10> kCommitsUs{100,    300,     1'000,   3'000,     10'000,
                                              30'000, 100'000, 300'000, 1'000'000, 3'000'000};

template <class Buckets, size_t N>
void add(Buckets& buckets, const std::array<uint64_t, N>& bounds, uint64_t value) {
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  ++buckets.counts[static_cast<size_t>(place)];
  buckets.sum += value;
}

template <class Buckets, size_t N>
wire::Histogram told(const Buckets& buckets, const std::array<uint64_t, N>& bounds) {
  return {
      {bounds.begin(), bounds.end()}, {buckets.counts.begin(), buckets.counts.end()}, buckets.sum};
}

template <class Word, size_t N>
std::vector<wire::WordCount> told(const std::array<uint64_t, N>& counts, Word first, Word last) {
  std::vector<wire::WordCount> words;
  for (size_t i = static_cast<size_t>(first); i <= static_cast<size_t>(last); ++i)
    words.push_back({std::string(to_string(static_cast<Word>(i))), counts[i]});
  return words;
}

uint64_t milliseconds(Duration time) {
  return static_cast<uint64_t>(std::max<int64_t>(0, time.count()));
}

}  // namespace

void Counters::count(const Change& change) {
  std::visit(overloaded{
                 [&](const BuildSubmitted&) { ++submitted_; },
                 [&](const AttemptAssigned& b) {
                   if (b.waited) add(wait_ms_, kTimesMs, milliseconds(*b.waited));
                 },
                 [&](const AttemptEnded& b) {
                   ++attempts_[static_cast<size_t>(b.report.outcome)];
                   add(run_ms_, kTimesMs, milliseconds(b.ran));
                 },
                 [&](const AttemptLost&) { ++attempts_[static_cast<size_t>(Outcome::Lost)]; },
                 [&](const JobFinished& b) { ++jobs_[static_cast<size_t>(b.verdict)]; },
                 [&](const BuildFinished& b) { ++builds_[static_cast<size_t>(b.verdict)]; },
                 [&](const OutputStored& b) { output_bytes_ += b.size; },
                 [](const auto&) {},
             },
             change.body);
}

void Counters::committed(uint64_t microseconds) { add(commit_us_, kCommitsUs, microseconds); }

void Counters::tell(wire::Metrics& metrics) const {
  metrics.builds = told(builds_, Verdict::Passed, Verdict::Inconclusive);
  metrics.jobs = told(jobs_, Verdict::Passed, Verdict::Inconclusive);
  metrics.attempts = told(attempts_, Outcome::Passed, Outcome::Broken);
  metrics.submitted_builds = submitted_;
  metrics.output_bytes = output_bytes_;
  metrics.wait_ms = told(wait_ms_, kTimesMs);
  metrics.run_ms = told(run_ms_, kTimesMs);
  metrics.commit_us = told(commit_us_, kCommitsUs);
}

}  // namespace seaworthy::broker
