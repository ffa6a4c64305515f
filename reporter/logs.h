// Logs remembers, of the logs that people look at, where their rows begin (LogIndex), and reads on
// in them as it is asked: a slice at a time, so that a long log does not keep other questions
// waiting. Used by one asker's thread alone. Bounded: of the logs that were looked at longest ago
// nothing is remembered.
#pragma once

#include <list>

#include "reporter/log_cursor.h"
#include "reporter/log_index.h"

namespace seaworthy::reporter {

class Logs {
 public:
  struct Log {
    LogExtent extent;
    LogIndex index;
    bool is_read = false;  // the index knows all that was ever written

    // All that is stored so far is in the index.
    bool is_known() const { return index.bytes() >= extent.bytes; }
    // Some answer about a place that is asked for can be given.
    bool reaches_line(uint64_t line) const { return is_known() || index.lines() > line; }
    bool reaches_offset(uint64_t offset) const { return is_known() || index.bytes() > offset; }
  };

  // Learns how much there is now, and reads a slice. Attempt 0: the latest. The log is valid until
  // the next call.
  Result<const Log*, io::ClientError> read_on(io::Client& client, JobId job, AttemptNumber attempt);

 private:
  Log& find(const LogExtent& extent);

  std::list<Log> logs_;  // most recently used first
};

// Cursors that stand at a place of the index's.
LogCursor cursor_at_row(io::Client& client, const Logs::Log& log, uint64_t row);
LogCursor cursor_at_line(io::Client& client, const Logs::Log& log, uint64_t line);
// At the row that has this byte. Where the index does not reach so far, rows have no numbers.
LogCursor cursor_at_offset(io::Client& client, const Logs::Log& log, uint64_t offset);

}  // namespace seaworthy::reporter
