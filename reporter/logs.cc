#include "reporter/logs.h"

#include <algorithm>

#include "reporter/live_log.h"

namespace seaworthy::reporter {
namespace {

constexpr size_t kLogs = 64;
constexpr uint64_t kIndexedAtOnce = 8 * 1024 * 1024;
constexpr uint64_t kBehindAll = uint64_t{1} << 62;  // an offset at which no output is

}  // namespace

Logs::Log& Logs::find(const LogExtent& extent) {
  const auto known = std::find_if(logs_.begin(), logs_.end(), [&](const Log& log) {
    return log.extent.attempt == extent.attempt;
  });
  if (known != logs_.end()) {
    logs_.splice(logs_.begin(), logs_, known);
    // Less than there was: another store has come. A note changes as it likes.
    const bool is_another = extent.bytes < known->index.bytes() || !extent.attempt.attempt;
    if (is_another) *known = Log{};
  } else {
    logs_.emplace_front();
    if (logs_.size() > kLogs) logs_.pop_back();
  }
  logs_.front().extent = extent;
  return logs_.front();
}

Result<const Logs::Log*, io::ClientError> Logs::read_on(io::Client& client, JobId job,
                                                        AttemptNumber attempt) {
  const Asked extent = fetch_output(client, job, attempt, kBehindAll);
  if (!extent) return Unexpected{extent.error()};
  Log& log = find({{job, extent->attempt}, extent->total, extent->complete, extent->assigned});
  const uint64_t until = log.index.bytes() + kIndexedAtOnce;
  while (log.index.bytes() < std::min(until, log.extent.bytes)) {
    const uint64_t from = log.index.bytes();
    const Asked more = fetch_output(client, job, extent->attempt, from);
    if (!more) return Unexpected{more.error()};
    if (more->bytes.empty()) break;
    const size_t most = static_cast<size_t>(log.extent.bytes - from);
    log.index.take(std::string_view(more->bytes).substr(0, most), false);
  }
  if (log.extent.is_final && log.is_known() && !log.is_read) {
    log.index.take({}, true);
    log.is_read = true;
  }
  return &log;
}

LogCursor cursor_at_row(io::Client& client, const Logs::Log& log, uint64_t row) {
  LogCursor cursor(client, log.extent, log.index.before_row(row), LogCursor::Times::Wanted);
  cursor.skip_to_row(row);
  return cursor;
}

LogCursor cursor_at_line(io::Client& client, const Logs::Log& log, uint64_t line) {
  LogCursor cursor(client, log.extent, log.index.before_line(line), LogCursor::Times::Wanted);
  cursor.skip_to_line(line);
  return cursor;
}

LogCursor cursor_at_offset(io::Client& client, const Logs::Log& log, uint64_t offset) {
  if (log.reaches_offset(offset)) {
    LogCursor cursor(client, log.extent, log.index.before_offset(offset), LogCursor::Times::Wanted);
    cursor.skip_to_row_with(offset);
    return cursor;
  }
  LogPosition from;
  from.offset = offset - 1;  // the end of the line before, if a line begins here
  from.line = 0;
  LogCursor cursor(client, log.extent, from, LogCursor::Times::Wanted);
  (void)cursor.next();
  return cursor;
}

}  // namespace seaworthy::reporter
