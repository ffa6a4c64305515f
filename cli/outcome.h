// ExitCode is what a command tells the shell, and Ended what it returns: an exit code, or the text
// of why it could not do its work, which main prints before it exits with Unknown.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/result.h"
#include "shared/model/verdict.h"

namespace seaworthy::cli {

enum class ExitCode : uint8_t {
  Passed = 0,   // also: done
  Failed = 1,   // the code under test failed; only `wait` and `submit --wait` say so
  Unknown = 2,  // could not tell, or could not do it
};

using Ended = Result<ExitCode>;

// Flaky passed in the end. Skipped, Cancelled and Inconclusive say nothing about the code.
constexpr ExitCode exit_code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
    case Verdict::Flaky: return ExitCode::Passed;
    case Verdict::Failed: return ExitCode::Failed;
    case Verdict::Cancelled:
    case Verdict::Skipped:
    case Verdict::Inconclusive: return ExitCode::Unknown;
  }
  return ExitCode::Unknown;
}

}  // namespace seaworthy::cli
