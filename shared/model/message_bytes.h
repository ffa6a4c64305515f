// How many bytes jobs take in a message: upper bounds, from which clients and parsers keep messages
// below limits.h. The codec is not asked, so that this is cheap and pure.
#pragma once

#include <map>
#include <string>

#include "shared/model/pipeline.h"

namespace seaworthy {

inline size_t message_bytes(const std::map<std::string, std::string>& env) {
  size_t bytes = 8;
  for (const auto& [name, value] : env) bytes += name.size() + value.size() + 10;
  return bytes;
}

inline size_t message_bytes(const JobSpec& job) {
  constexpr size_t kJobOverhead = 128;  // keys and numbers: 114 at most
  constexpr size_t kStepOverhead = 32;
  size_t bytes = kJobOverhead + job.name.size() + job.origin.size() + message_bytes(job.env);
  for (const std::string& need : job.needs) bytes += need.size() + 5;
  for (const std::string& label : job.runs_on) bytes += label.size() + 5;
  for (const auto* globs : {&job.reports.junit, &job.reports.tap})
    for (const std::string& glob : *globs) bytes += glob.size() + 5;
  for (const Step& step : job.steps)
    bytes += kStepOverhead + step.name.size() + step.run.size() + message_bytes(step.env);
  return bytes;
}

inline size_t message_bytes(const Pipeline& pipeline) {
  size_t bytes = 48;
  for (const JobSpec& job : pipeline.jobs) bytes += message_bytes(job);
  if (pipeline.decided) bytes += 64 + pipeline.decided->explanation.size();
  if (pipeline.concurrency) bytes += 48 + pipeline.concurrency->group.size();
  return bytes;
}

}  // namespace seaworthy
