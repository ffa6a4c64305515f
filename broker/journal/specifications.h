// Specifications is what jobs are told to do: read from the tables, or, of jobs that came so lately
// that they are not there yet, from the changes themselves. Used by the storage thread alone.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <unordered_map>
#include <vector>

#include "broker/core/change.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::broker {

class Specifications {
 public:
  // The database must be there.
  explicit Specifications(const std::filesystem::path& file);

  // Of the jobs in these changes, which are in that record of the log.
  void add(const SharedChanges& changes, uint64_t record);
  // Those up to that record are in the tables.
  void forget(uint64_t filed);
  // The job must exist; throws StoreError.
  JobSpec of(JobId job);

 private:
  struct Recent {
    uint64_t record = 0;
    SharedChanges changes;
    std::vector<JobId> jobs;
  };

  Database database_;
  Statement select_;
  std::deque<Recent> recent_;
  std::unordered_map<JobId, const JobSpec*> unfiled_;  // in the changes of recent_
};

}  // namespace seaworthy::broker
