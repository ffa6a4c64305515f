#include "broker/fsck/check.h"

#include "shared/base/assert.h"

namespace seaworthy::fsck {

const Check kSchema{"schema", Promise::Store, "The tables are those of the store's version.",
                    kRestore, nullptr};
const Check kSpecifications{"specifications", Promise::S1,
                            "What a job is told to do is readable, and as it was submitted.",
                            kRestore, nullptr};
const Check kSchedule{"schedule", Promise::S1,
                      "The labels and the priority by which a job is scheduled are those that were "
                      "submitted.",
                      kRestore, nullptr};
const Check kSteps{"steps", Promise::S5, "What was reported of an attempt's steps is readable.",
                   kDistrust, nullptr};
const Check kTestReports{"test-reports", Promise::Store,
                         "What was reported of an attempt's tests is readable, and its counts are "
                         "those of the columns.",
                         kRestore, nullptr};
const Check kOutputMissing{"output-missing", Promise::S7, "Acknowledged output has a file.",
                           kOutputLost, nullptr};
const Check kOutputShort{"output-short", Promise::S7,
                         "A file has at least the bytes that were acknowledged.", kOutputLost,
                         nullptr};
const Check kOutputDamaged{"output-damaged", Promise::S7,
                           "A compressed file can be unpacked, to just the bytes that were "
                           "acknowledged.",
                           kOutputLost, nullptr};
const Check kOutputDigest{"output-digest", Promise::S7,
                          "The output is the one whose SHA-256 the worker reported.", kOutputLost,
                          nullptr};

std::string_view code_of(Promise promise) {
  switch (promise) {
    case Promise::Store: return "store";
    case Promise::Needs: return "needs";
    case Promise::Groups: return "groups";
    case Promise::S1: return "S1";
    case Promise::S2: return "S2";
    case Promise::S3: return "S3";
    case Promise::S4: return "S4";
    case Promise::S5: return "S5";
    case Promise::S7: return "S7";
    case Promise::S8: return "S8";
    case Promise::S9: return "S9";
  }
  SW_ASSERT(!"unknown promise");
  return {};
}

std::string_view words_of(Promise promise) {
  switch (promise) {
    case Promise::Store: return "the record is whole";
    case Promise::Needs: return "a job runs only when what it needs has passed";
    case Promise::Groups: return "builds of a concurrency group do not run beside each other";
    case Promise::S1: return "an acknowledged build exists";
    case Promise::S2: return "one build per request and per revision";
    case Promise::S3: return "a verdict never changes";
    case Promise::S4: return "one attempt, one worker";
    case Promise::S5: return "a verdict is what was reported";
    case Promise::S7: return "output is kept as it was written, once acknowledged";
    case Promise::S8: return "losses and failures are bounded";
    case Promise::S9: return "no new attempt after an acknowledged cancel";
  }
  SW_ASSERT(!"unknown promise");
  return {};
}

std::vector<const Check*> all_checks() {
  std::vector<const Check*> all{&kSchema,      &kSpecifications, &kSchedule,
                                &kSteps,       &kTestReports,    &kOutputMissing,
                                &kOutputShort, &kOutputDamaged,  &kOutputDigest};
  for (std::span<const Check> table : {store_checks(), build_checks(), group_checks(), job_checks(),
                                       attempt_checks(), event_checks()})
    for (const Check& check : table) all.push_back(&check);
  return all;
}

}  // namespace seaworthy::fsck
