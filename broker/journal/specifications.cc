#include "broker/journal/specifications.h"

#include "shared/wire/codec.h"

namespace seaworthy::broker {

Specifications::Specifications(const std::filesystem::path& file)
    : database_(file, OpenMode::ReadOnly),
      select_(database_,
              "SELECT body FROM specification WHERE id = (SELECT specification FROM job WHERE id = "
              "?)") {}

void Specifications::add(const SharedChanges& changes, uint64_t record) {
  Recent recent{record, changes, {}};
  for (const Change& change : *changes)
    if (const auto* submitted = std::get_if<BuildSubmitted>(&change.body))
      for (const NewJob& job : submitted->jobs) {
        unfiled_[job.job] = &job.specification;
        recent.jobs.push_back(job.job);
      }
  if (!recent.jobs.empty()) recent_.push_back(std::move(recent));
}

void Specifications::forget(uint64_t filed) {
  for (; !recent_.empty() && recent_.front().record <= filed; recent_.pop_front())
    for (JobId job : recent_.front().jobs) unfiled_.erase(job);
}

JobSpec Specifications::of(JobId job) {
  if (const auto found = unfiled_.find(job); found != unfiled_.end()) return *found->second;
  if (!select_.bind(job).next())
    throw StoreError("the store has no specification of job " + std::to_string(job.value));
  Result<JobSpec> specification = wire::decode_specification(select_.text(0));
  select_.reset();
  if (!specification)
    throw StoreError("job " + std::to_string(job.value) + ": " + specification.error());
  return *std::move(specification);
}

}  // namespace seaworthy::broker
