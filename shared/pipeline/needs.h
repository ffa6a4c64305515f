// Which job needs which: every name must be a job's, and no job may need itself, on whatever way.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/pipeline/yaml.h"

namespace seaworthy::pipeline {

struct Need {
  std::string job;
  Position at;
};

struct NeedingJob {
  std::string name;
  std::vector<Need> needs;
};

// The first need that is wrong, in the order of the jobs.
std::optional<SourceError> find_wrong_need(const std::vector<NeedingJob>& jobs);

}  // namespace seaworthy::pipeline
