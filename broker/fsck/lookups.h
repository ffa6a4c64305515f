// Temporary tables and views that the checks' SQL may use besides the store's own, so that words,
// limits and rules of the core are taken from its code and not repeated:
//
//   states, kinds (value, word)            shared/model/verdict.h, wire/message.h
//   outcomes      (value, word, verdict)   the verdict of a job that ended so
//   verdicts      (value, word, gravity)   the gravest of its jobs' is a build's
//   limits        (losses, failures)       shared/model/limits.h
//   need          (build, job, need)       the column job.needs, one row for each id in it
//   gaps_allowed  (a row or none)          builds were removed by retention: numbers may be missing
//
// They live in the connection, not in the store.
#pragma once

#include <cstdint>

#include "broker/journal/sqlite.h"

namespace seaworthy::fsck {

void make_lookups(broker::Database& database);
// For a store of an older version: what it lacks, as a start of the broker would fill it in.
void make_older_tables_present(broker::Database& database, int64_t version);

}  // namespace seaworthy::fsck
