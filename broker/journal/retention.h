// Retention finds the finished builds that shall not be kept any longer. It only reads; what it
// finds is removed by the core's word like every other change. Used by the upkeep thread alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "broker/core/change.h"
#include "broker/journal/sqlite.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

// What is kept of finished builds; what is not set keeps all.
struct Keep {
  std::optional<uint64_t> builds;  // the newest of each repository
  std::optional<Duration> age;     // since they finished
  std::optional<uint64_t> bytes;   // of output, as the jobs wrote it

  bool all() const { return !builds && !age && !bytes; }
};

class Retention {
 public:
  Retention(const std::filesystem::path& store, const Keep& keep);

  // Some of those that may go, oldest first; none that has just finished, since people and programs
  // still wait for its verdict. Empty: there is no more.
  std::vector<BuildRemoved> expired(UnixMillis now);

  bool has_job(JobId job);
  JobId last_job();

 private:
  void add_too_many(std::vector<BuildId>& found, UnixMillis latest);
  void add_too_old(std::vector<BuildId>& found, UnixMillis latest);
  void add_too_large(std::vector<BuildId>& found, UnixMillis latest);
  BuildRemoved removal_of(BuildId build);

  Keep keep_;
  Database database_;
};

}  // namespace seaworthy::broker
