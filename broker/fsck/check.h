// Check is one thing that must hold in every store: a name, the promise it belongs to, what must
// hold, in one sentence, and the SQL that returns the rows where it does not. The rows have four
// columns: build, job, attempt (0: does not apply) and what is wrong there, a text. Where `sql` is
// null, code looks (rows.h, outputs_check.h). The checks are tables, one file per noun; a name is
// part of `--json` and never changes. Besides the tables of journal/schema.cc the SQL uses those
// that lookups.h describes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace seaworthy::fsck {

// Which of the promises in docs/testing.md is broken; Store: the record itself is damaged; Needs:
// a job runs only when what it needs has passed; Groups: builds of a concurrency group do not run
// beside each other. S6 leaves no trace in a store.
enum class Promise : uint8_t { Store, Needs, Groups, S1, S2, S3, S4, S5, S7, S8, S9 };

// "S3", "store".
std::string_view code_of(Promise promise);
// "a verdict never changes"
std::string_view words_of(Promise promise);

struct Check {
  const char* name;
  Promise promise;
  const char* holds;
  const char* what_to_do;
  const char* sql;
};

// What to do, in few kinds.
inline constexpr const char* kRestore =
    "stop the broker, keep a copy of its directory, and go back to the last backup; look for what "
    "damaged it: the disk, or a hand in the database";
inline constexpr const char* kDistrust =
    "do not rely on what is said of this build: `seaworthy retry BUILD` makes a new one; keep a "
    "copy of the store and report it";
inline constexpr const char* kOutputLost =
    "the verdict stands, its output does not: take the file from a backup, and look at the disk";

std::span<const Check> store_checks();
std::span<const Check> build_checks();
std::span<const Check> group_checks();
std::span<const Check> job_checks();
std::span<const Check> attempt_checks();
std::span<const Check> event_checks();

// Checks that code makes.
extern const Check kSchema;
extern const Check kSpecifications;
extern const Check kSchedule;
extern const Check kSteps;
extern const Check kTestReports;
extern const Check kOutputMissing;
extern const Check kOutputShort;
extern const Check kOutputDamaged;
extern const Check kOutputDigest;

// All of the above.
std::vector<const Check*> all_checks();

}  // namespace seaworthy::fsck
