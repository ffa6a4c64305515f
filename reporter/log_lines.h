// Log lines: a stretch of a job's output as numbered lines of a page. A row is a line, or of a line
// that is longer than 16 KiB a piece of it; only its first piece has the number. Made for output
// that is still being written, and for any place of it: a stretch begins at a position, and says at
// which one the next begins. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reporter/ansi.h"
#include "reporter/html.h"
#include "shared/base/time.h"

namespace seaworthy::reporter {

// Where a row begins.
struct LogPosition {
  uint64_t offset = 0;  // bytes into the output
  uint64_t line = 1;    // its number; 0: not known, as `row` then, since output before was not read
  uint64_t row = 0;     // rows before it
  Look look;            // what the rows before it left
  bool continues = false;  // the row is not the first of its line
};

struct LogRow {
  std::string_view text;  // without its end
  LogPosition next;
};

// The first row of `bytes`, which begin at `at`; none if its end is not among them. `is_end`:
// nothing is written after them, so that a last line without an end is one.
std::optional<LogRow> next_row(std::string_view bytes, const LogPosition& at, bool is_end);

// When the first byte of a row was written.
struct RowTime {
  std::optional<uint64_t> after_ms = {};  // since the attempt's start; none: not known
  UnixMillis start = {};                  // of the attempt; 0: not known
};

// One <li>; `grows`: its end has not been written.
void put_row(Html& html, const LogPosition& at, std::string_view text, bool grows,
             const RowTime& time = {});

}  // namespace seaworthy::reporter
