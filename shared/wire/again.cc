#include "shared/wire/again.h"

#include <string>
#include <utility>

namespace seaworthy::wire {
namespace {

// The jobs to submit again, or why that makes no sense.
Result<Pipeline> same_again(const BuildDetail& detail, JobId only) {
  const std::string refused = "cannot retry build " + std::to_string(detail.build.build.value);
  Pipeline pipeline;
  for (const JobRow& job : detail.jobs) {
    if (only && job.job != only) continue;
    if (!job.specification)
      return Unexpected{refused + ": the broker did not say what its jobs run"};
    if (job.specification->steps.empty())
      return Unexpected{refused +
                        ": its verdict was decided from the files of the revision, without running "
                        "anything, and would be the same again; `seaworthy log " +
                        std::to_string(job.job.value) + "` says why"};
    pipeline.jobs.push_back(*job.specification);
    if (only) pipeline.jobs.back().needs.clear();
  }
  // The group stays; what a person asks for once more does not end what was pushed since.
  if (detail.concurrency) pipeline.concurrency = Concurrency{detail.concurrency->group};
  if (pipeline.jobs.empty()) return Unexpected{refused + ": it has no jobs"};
  return pipeline;
}

}  // namespace

Result<Submit> submit_again(const BuildDetail& detail, JobId only, RequestId request) {
  auto pipeline = same_again(detail, only);
  if (!pipeline) return Unexpected{pipeline.error()};
  const BuildRow& old = detail.build;
  Submit submit;
  submit.request = request;
  submit.repository = old.repository;
  submit.ref = old.ref;
  submit.tip = old.revision;
  submit.again = true;
  submit.pipelines.push_back(std::move(*pipeline));
  submit.revisions.push_back({old.revision, 0, 0, old.subject, old.author});
  return submit;
}

}  // namespace seaworthy::wire
