// Reads answers what people and programs ask about the past, from its own read-only connection: it
// sees what is durable and nothing else, and never holds up a commit. Used by the reading thread
// alone.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "broker/journal/sqlite.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

// How much output of an attempt there is, for those who fetch it.
struct OutputExtent {
  AttemptNumber attempt;  // 0: the job has none
  uint64_t bytes = 0;
  bool final = false;  // no more will come
  std::string note;    // the log of a job that has no attempt
  UnixMillis assigned = {};
};

class Reads {
 public:
  explicit Reads(const std::filesystem::path& file);

  wire::BuildList list_builds(const wire::ListBuilds& query);
  // Nothing if there is no such build. why_waiting is left empty: the core knows it.
  std::optional<wire::BuildDetail> show_build(const wire::ShowBuild& query);
  wire::HeadList list_heads(const wire::ListHeads& query);
  // Those after `after`, in order, at most `limit` and as many as fit a reply.
  std::vector<wire::EventRow> events_after(EventSequence after, uint32_t limit);
  // Attempt 0: the latest. Nothing if there is no such job or attempt.
  std::optional<OutputExtent> output_extent(JobId job, AttemptNumber attempt);
  // There may have been such a build, or job, but it is not kept any longer.
  bool was_removed(const wire::ShowBuild& query);

 private:
  wire::BuildRow build_row(const Statement& row);
  std::vector<wire::JobRow> jobs_of(BuildId build, bool with_specifications);
  std::vector<wire::JobBrief> briefs_of(BuildId build);
  std::vector<wire::AttemptRow> attempts_of(JobId job);
  wire::EventRow event_row(const Statement& row);

  Database database_;
  Statement build_by_id_, build_of_job_, jobs_, briefs_, attempts_, events_, events_of_build_,
      extent_, job_note_, group_;
};

}  // namespace seaworthy::broker
