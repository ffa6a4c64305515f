// Log sections: the parts of an attempt's output that a page can fold, by what its worker said
// about the steps; a job cannot forge them by what it prints. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/wire/message.h"

namespace seaworthy::reporter {

struct LogSection {
  std::string name;
  uint64_t offset = 0;  // bytes into the output, where it begins; it goes to the next one's begin
  std::optional<int32_t> exit_code;  // of a step
  uint64_t duration_ms = 0;          // of a step
  bool is_open = false;              // until somebody folds it

  bool is_failed() const { return exit_code && *exit_code != 0; }
};

// In order; the first begins with the output. None while the attempt runs, or if its worker did not
// say where its steps stand.
std::vector<LogSection> sections_of(const wire::AttemptRow& attempt);

}  // namespace seaworthy::reporter
