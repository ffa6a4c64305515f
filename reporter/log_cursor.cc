#include "reporter/log_cursor.h"

#include "reporter/live_log.h"

namespace seaworthy::reporter {

bool LogCursor::read_more() {
  bytes_.erase(0, used_);
  used_ = 0;
  const uint64_t from = at_.offset + bytes_.size();
  if (error_ || from >= extent_.bytes) return false;
  Asked more =
      fetch_output(client_, extent_.attempt.job, extent_.attempt.attempt, from, asks_times_);
  if (!more) {
    error_ = more.error();
    return false;
  }
  // What was written since would not be what is known of it.
  bytes_.append(more->bytes, 0, static_cast<size_t>(extent_.bytes - from));
  if (asks_times_) {
    times_ = times_of(times_, at_.offset, from);
    times_.push_back({from, std::nullopt});  // unless the first of these says when
    if (!more->times.empty() && more->times.front().offset == from) times_.pop_back();
    times_.insert(times_.end(), more->times.begin(), more->times.end());
  }
  return !more->bytes.empty();
}

RowTime LogCursor::time() const { return {time_at(times_, at_.offset), extent_.assigned}; }

std::optional<LogRow> LogCursor::look() {
  for (;;) {
    const std::string_view left = std::string_view(bytes_).substr(used_);
    const bool is_end = extent_.is_final && at_.offset + left.size() >= extent_.bytes;
    if (auto row = next_row(left, at_, is_end)) return row;
    if (!read_more()) return std::nullopt;
  }
}

std::optional<LogRow> LogCursor::next() {
  const std::optional<LogRow> row = look();
  if (!row) return row;
  used_ += static_cast<size_t>(row->next.offset - at_.offset);
  at_ = row->next;
  return row;
}

std::optional<LogRow> LogCursor::peek() {
  const std::optional<LogRow> row = look();
  is_unfinished_ = !row && !error_ && used_ < bytes_.size();
  return is_unfinished_ ? next_row(std::string_view(bytes_).substr(used_), at_, true) : row;
}

void LogCursor::skip_to_row(uint64_t row) {
  while (at_.row < row && next()) continue;
}

void LogCursor::skip_to_line(uint64_t line) {
  while (at_.line < line && next()) continue;
}

void LogCursor::skip_to_row_with(uint64_t offset) {
  for (std::optional<LogRow> row; (row = look()) && row->next.offset <= offset;) (void)next();
}

}  // namespace seaworthy::reporter
