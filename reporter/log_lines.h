// Log lines: a stretch of a job's output as numbered lines of a page. Made for output that is still
// being written: a stretch says where the next one begins, so that a page asks for just that. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "reporter/ansi.h"
#include "reporter/html.h"

namespace seaworthy::reporter {

// Where a stretch begins: what the one before it left.
struct LogPosition {
  uint64_t offset = 0;  // bytes into the output; a line begins here
  uint64_t line = 1;    // its number; 0: not known, since not all of the output before it was read
  Look look;
};

struct LogStretch {
  Html lines;        // one <li> each, in blocks that a browser lays out when they are seen
  LogPosition next;  // where the first line begins whose end has not been written
};

// `is_end`: nothing is written after these bytes, so that a last line without an end is one. Else
// it is shown and marked as growing, and `next` stands before it.
LogStretch render_log(std::string_view bytes, LogPosition from, bool is_end);

}  // namespace seaworthy::reporter
