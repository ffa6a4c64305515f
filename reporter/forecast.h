// Forecast: what the past says of the present. How long a job usually takes, when what runs will
// end, and since which revision a branch has been failing. Pure.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/wire/message.h"

namespace seaworthy::reporter {

// How long jobs that run now usually take; those that are not known are not in it.
using Usual = std::map<JobId, Duration>;

// The median of the attempts of this name that passed, in builds with their jobs; none if there are
// fewer than three.
std::optional<Duration> usual_duration(const std::vector<wire::BuildRow>& builds,
                                       std::string_view job_name);

// Has an answer of its own that says yes or no: it passed or failed.
bool is_decided(const wire::BuildRow& build);
bool is_good(const wire::BuildRow& build);

struct Regression {
  wire::BuildRow first;  // the oldest of those that failed one after the other
  wire::BuildRow last;   // the newest
  size_t count = 0;
  bool is_older = false;  // it failed for as long as is known
};
// Of each branch whose newest decided build failed; the one that began last first. `newest`:
// builds, newest first.
std::vector<Regression> regressions_of(const std::vector<wire::BuildRow>& newest);

// Of builds that are decided: how many of a thousand are good; none if none is decided.
std::optional<unsigned> good_permille(const std::vector<wire::BuildRow>& builds);

}  // namespace seaworthy::reporter
