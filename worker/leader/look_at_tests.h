// Looks at what the tests of an attempt left (reports/gather.h), in a process of its own that may
// crash, hang or eat memory over a hostile report: that costs the report, and never the outcome.
// For the leader, when no process of the job is left. Blocks, at most for some seconds beyond
// kLookAtMost.
#pragma once

#include <string>
#include <vector>

#include "shared/model/test_report.h"
#include "worker/reports/gather.h"

namespace seaworthy::worker {

struct Tests {
  std::string packed;  // for AttemptFinished; empty: nothing was found, and nothing to be noted
  TestCounts counts;
  std::vector<std::string> notes;
};

// `stop_fd`: readable when the worker has something else to say; then nothing is found.
Tests look_at_tests(const reports::Places& places, int stop_fd);

// "3 failed, 12 passed, 1 skipped".
std::string words_of(const TestCounts& counts);

}  // namespace seaworthy::worker
