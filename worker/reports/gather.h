// Gathers what the tests of an attempt left: report files in its workspace, or else the words in
// its output. Reads regular files below the workspace only: no link is followed, no pipe or device
// opened, and nothing that is older than the job's first step is taken for a report. Whatever is
// wrong with a report is a note. Blocks on the disk, bounded by model/limits.h; run it in a process
// of its own (worker/leader/look_at_tests.h).
#pragma once

#include <ctime>
#include <filesystem>

#include "shared/model/job_spec.h"
#include "shared/model/test_report.h"

namespace seaworthy::worker::reports {

struct Places {
  std::filesystem::path workspace;
  ReportGlobs globs;             // both empty: the usual places
  std::filesystem::path output;  // what the attempt wrote so far
  std::timespec since{};         // mark_time…(), before the first step
};

TestReport gather(const Places& places);

// A time that every file written from now on has or is after, and none that was written before.
// Waits for the clock's next tick, some milliseconds.
std::timespec mark_time();
// The same for the reports in `workspace` that gather() would look for, without waiting where none
// of them is there yet: mostly.
std::timespec mark_time_of_reports(const std::filesystem::path& workspace,
                                   const ReportGlobs& globs);

// Where the tools write by default, and where their manuals' examples do.
ReportGlobs usual_places();

}  // namespace seaworthy::worker::reports
