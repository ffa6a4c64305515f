// LogScan goes through a log and gathers the rows that a search finds, a slice at a time. Bounded:
// all that are found are counted, the first ones kept. Used by one asker's thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "reporter/log_search.h"
#include "reporter/logs.h"

namespace seaworthy::reporter {

class LogScan {
 public:
  struct Range {
    uint64_t from = 0;
    uint64_t to = 0;  // 0: to the end that the log has when it begins
  };
  static constexpr size_t kKeptRows = 20'000;
  static constexpr size_t kShownRows = 200;

  // `most`: it ends when it has found so many; 0: all are counted.
  LogScan(LogSearch search, Range range, uint64_t most)
      : search_(std::move(search)), range_(range), most_(most) {}

  // Whether it is at its end.
  Result<bool, io::ClientError> go_on(io::Client& client, const Logs::Log& log);

  uint64_t count() const { return count_; }
  const std::vector<uint64_t>& rows() const { return rows_; }  // the first kKeptRows

  struct Hit {
    LogPosition at;
    std::string text;
  };
  const std::vector<Hit>& shown() const { return shown_; }  // the first kShownRows

 private:
  bool take(const LogPosition& at, std::string_view text);
  bool finds(const LogPosition& at, std::string_view text) const;

  LogSearch search_;
  Range range_;
  uint64_t most_;
  std::optional<LogPosition> at_;  // none: not begun
  std::string before_;             // the end of the row before
  uint64_t count_ = 0;
  std::vector<uint64_t> rows_;
  std::vector<Hit> shown_;
};

}  // namespace seaworthy::reporter
