#include "reporter/forecast.h"

#include <algorithm>
#include <tuple>

namespace seaworthy::reporter {
namespace {

constexpr size_t kFewest = 3;  // of which a median says something

}  // namespace

std::optional<Duration> usual_duration(const std::vector<wire::BuildRow>& builds,
                                       std::string_view job_name) {
  std::vector<int64_t> all;
  for (const wire::BuildRow& build : builds)
    for (const wire::JobBrief& job : build.jobs)
      if (job.name == job_name && job.verdict == Verdict::Passed && job.finished > job.assigned)
        all.push_back(job.finished.value - job.assigned.value);
  if (all.size() < kFewest) return std::nullopt;
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return Duration{*middle};
}

bool is_good(const wire::BuildRow& build) {
  return build.verdict == Verdict::Passed || build.verdict == Verdict::Flaky;
}

bool is_decided(const wire::BuildRow& build) {
  return is_good(build) || build.verdict == Verdict::Failed;
}

std::vector<Regression> regressions_of(const std::vector<wire::BuildRow>& newest) {
  struct Known {
    std::optional<Regression> regression;
    bool is_known = false;  // nothing older changes it
  };
  std::map<std::pair<std::string, std::string>, Known> branches;
  for (const wire::BuildRow& build : newest) {
    Known& branch = branches[{build.repository, build.ref}];
    if (branch.is_known || !is_decided(build)) continue;
    branch.is_known = is_good(build);
    if (branch.regression) branch.regression->is_older = !branch.is_known;
    if (branch.is_known) continue;
    if (!branch.regression) branch.regression = Regression{build, build, 0, true};
    branch.regression->first = build;
    ++branch.regression->count;
  }
  std::vector<Regression> all;
  for (auto& [name, branch] : branches)
    if (branch.regression) all.push_back(std::move(*branch.regression));
  std::stable_sort(all.begin(), all.end(), [](const Regression& a, const Regression& b) {
    return a.first.submitted > b.first.submitted;
  });
  return all;
}

std::optional<unsigned> good_permille(const std::vector<wire::BuildRow>& builds) {
  size_t decided = 0, good = 0;
  for (const wire::BuildRow& build : builds) {
    if (is_decided(build)) ++decided;
    if (is_good(build)) ++good;
  }
  if (decided == 0) return std::nullopt;
  return static_cast<unsigned>(good * 1'000 / decided);
}

}  // namespace seaworthy::reporter
