// The jobs that a restart reads: those of builds without a verdict. They are read beside the
// builds, by a thread and a connection of their own. Rows that no broker can have written are
// StoreErrors; what jobs say of each other is not looked at here.
#pragma once

#include <utility>
#include <vector>

#include "broker/core/ledger.h"
#include "broker/journal/sqlite.h"

namespace seaworthy::broker {

// As in Recovered.
struct JobRows {
  std::vector<std::pair<JobId, RecoveredJob>> jobs;
  std::vector<std::pair<JobId, Job::Past>> pasts;
  NameTable names;
  std::vector<Labels> label_sets = {{}};
  // The gravest of their finished jobs, of builds that have some.
  std::vector<std::pair<BuildId, Verdict>> verdicts;
};

JobRows read_jobs(const Database& database);

}  // namespace seaworthy::broker
