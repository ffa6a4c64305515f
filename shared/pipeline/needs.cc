#include "shared/pipeline/needs.h"

#include <map>

#include "shared/pipeline/nearest.h"

namespace seaworthy::pipeline {
namespace {

enum class Visit : unsigned char { NotYet, Open, Done };

// Depth first. A need that leads back to a job on the way closes a circle. The depth is bounded by
// the number of jobs.
class CircleFinder {
 public:
  explicit CircleFinder(const std::vector<NeedingJob>& jobs) : jobs_(jobs) {
    for (size_t i = 0; i < jobs.size(); ++i) index_[jobs[i].name] = i;
    visits_.resize(jobs.size(), Visit::NotYet);
  }

  std::optional<SourceError> visit(size_t job) {
    if (visits_[job] != Visit::NotYet) return std::nullopt;
    visits_[job] = Visit::Open;
    way_.push_back(job);
    for (const Need& need : jobs_[job].needs) {
      size_t next = index_.at(need.job);
      if (visits_[next] == Visit::Open) return circle(next, need.at);
      if (auto error = visit(next)) return error;
    }
    way_.pop_back();
    visits_[job] = Visit::Done;
    return std::nullopt;
  }

 private:
  SourceError circle(size_t first, Position at) const {
    if (way_.back() == first) return {at, "the job '" + jobs_[first].name + "' needs itself"};
    std::string names;
    bool inside = false;
    for (size_t job : way_) {
      inside = inside || job == first;
      if (inside) names += "'" + jobs_[job].name + "' needs ";
    }
    return {at, "these jobs wait for each other: " + names + "'" + jobs_[first].name +
                    "'; remove one of these needs"};
  }

  const std::vector<NeedingJob>& jobs_;
  std::map<std::string, size_t> index_;
  std::vector<Visit> visits_;
  std::vector<size_t> way_;
};

}  // namespace

std::optional<SourceError> find_wrong_need(const std::vector<NeedingJob>& jobs) {
  std::vector<std::string> names;
  for (const NeedingJob& job : jobs) names.push_back(job.name);
  for (const NeedingJob& job : jobs)
    for (const Need& need : job.needs) {
      bool known = false;
      for (const std::string& name : names) known = known || name == need.job;
      if (known) continue;
      auto meant = nearest(need.job, names);
      return SourceError{
          need.at,
          "job '" + job.name + "' needs '" + need.job + "', which is no job of this file" +
              (meant ? "; did you mean '" + *meant + "'?" : "; add it, or remove it from needs")};
    }
  CircleFinder circles(jobs);
  for (size_t i = 0; i < jobs.size(); ++i)
    if (auto error = circles.visit(i)) return error;
  return std::nullopt;
}

}  // namespace seaworthy::pipeline
