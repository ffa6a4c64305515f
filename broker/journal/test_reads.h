// TestReads answers what people ask about tests: those of a build, and what one test said in the
// builds before. From its own read-only connection, of what is durable; used by the reading thread
// alone. The work of one answer is bounded by limits::kHistoryBuilds, kHistoryBytes and kListRows.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/journal/sqlite.h"
#include "shared/wire/message.h"
#include "shared/wire/test_columns.h"

namespace seaworthy::broker {

class TestReads {
 public:
  explicit TestReads(const std::filesystem::path& file);

  // Nothing if there is no such build or job.
  std::optional<wire::TestList> list_tests(const wire::ListTests& query);
  wire::TestRuns history(const wire::TestHistory& query);

 private:
  // A build, by what its history is found.
  struct Place {
    BuildId build;
    int64_t repository = 0;
    std::string repository_name;
    std::string ref;
    std::string revision;
    uint64_t rank = 0;
  };
  struct Rest {  // of an answer
    size_t rows = 0;
    size_t bytes = 0;
  };

  std::optional<Place> place_of(const wire::ListTests& query);
  std::vector<wire::JobTests> jobs_of(const Place& place, JobId only);
  std::string body_of(JobId job, AttemptNumber attempt);
  // Rows of one job from the test `from` on; the next one's place if there was no room for all.
  std::optional<uint64_t> add_rows(const wire::JobTests& job, bool failed_only, uint64_t from,
                                   Rest& rest, std::vector<wire::TestRow>& rows);
  // Fills in since when they fail: rows of one job.
  void look_back(const Place& place, const std::string& job_name, std::span<wire::TestRow> rows);

  Database database_;
  Statement build_, build_of_job_, jobs_, body_, earlier_, newest_;
};

}  // namespace seaworthy::broker
