#include "reporter/log_scan.h"

#include <algorithm>

namespace seaworthy::reporter {
namespace {

constexpr uint64_t kScannedAtOnce = 8 * 1024 * 1024;
constexpr size_t kShownBytes = 1'024;  // of a row

}  // namespace

// What lies across two rows of a long line is found in the second one.
bool LogScan::finds(const LogPosition& at, std::string_view text) const {
  return search_.finds(text) || (at.continues && search_.finds_across(before_, text));
}

// Whether that is enough.
bool LogScan::take(const LogPosition& at, std::string_view text) {
  const bool is_found = at.offset >= range_.from && finds(at, text);
  before_ = text.substr(text.size() - std::min(text.size(), LogSearch::kMostTextBytes));
  if (!is_found) return false;
  ++count_;
  if (rows_.size() < kKeptRows) rows_.push_back(at.row);
  if (shown_.size() < kShownRows) shown_.push_back({at, std::string(text.substr(0, kShownBytes))});
  return count_ == most_;
}

Result<bool, io::ClientError> LogScan::go_on(io::Client& client, const Logs::Log& log) {
  if (!at_) {
    at_ = log.index.before_offset(range_.from);
    if (range_.to == 0) range_.to = log.extent.bytes;
  }
  LogCursor cursor(client, log.extent, *at_, LogCursor::Times::Unwanted);
  const uint64_t until = at_->offset + kScannedAtOnce;
  while (cursor.at().offset < until) {
    const LogPosition at = cursor.at();
    if (at.offset >= range_.to) return true;
    std::optional<LogRow> row = cursor.next();
    const bool is_last = !row;
    if (is_last) row = cursor.peek();
    if (cursor.error()) return Unexpected{*cursor.error()};
    if (!row || take(at, row->text) || is_last) return true;
  }
  at_ = cursor.at();
  return false;
}

}  // namespace seaworthy::reporter
