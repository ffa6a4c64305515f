// LogCursor goes through a job's output row by row, from any place of it, and asks the broker for
// the bytes as it needs them: it never has more than some 100 KiB. On the thread of the client.
#pragma once

#include <optional>
#include <string>

#include "reporter/log_lines.h"
#include "shared/io/client.h"

namespace seaworthy::reporter {

// What is known of the output that is gone through.
struct LogExtent {
  AttemptKey attempt;  // number 0: the job has none, and its note stands in its place
  uint64_t bytes = 0;  // that are stored
  bool is_final = false;
  UnixMillis assigned = {};  // what its times count from
};

class LogCursor {
 public:
  enum class Times : uint8_t { Unwanted, Wanted };
  // `from`: where a row begins.
  LogCursor(io::Client& client, const LogExtent& extent, const LogPosition& from, Times times)
      : client_(client), extent_(extent), at_(from), asks_times_(times == Times::Wanted) {}

  const LogPosition& at() const { return at_; }
  // The row that begins at at(), which goes behind it. None at the end, or on an error. Its text is
  // valid until the next call.
  std::optional<LogRow> next();
  // As next(), without taking it; at the end of output that grows, the row that is not finished.
  std::optional<LogRow> peek();
  bool is_unfinished() const { return is_unfinished_; }  // what peek() gave
  RowTime time() const;                                  // of what peek() gave

  // The first position behind at() that is not before `row`, `line` or `offset`, or the end.
  void skip_to_row(uint64_t row);
  void skip_to_line(uint64_t line);
  void skip_to_row_with(uint64_t offset);

  const std::optional<io::ClientError>& error() const { return error_; }

 private:
  bool read_more();
  std::optional<LogRow> look();

  io::Client& client_;
  LogExtent extent_;
  LogPosition at_;
  std::string bytes_;  // of the output, from at_.offset - used_ on
  size_t used_ = 0;
  bool is_unfinished_ = false;
  bool asks_times_;
  OutputTimes times_;  // of bytes_
  std::optional<io::ClientError> error_;
};

}  // namespace seaworthy::reporter
