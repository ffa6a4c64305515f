// LogIndex knows where the rows of one job's output begin, about one of them every 64 KiB, with
// line number and colours: so any row, line or byte is found by reading 64 KiB. It is made by
// taking the output once, in order, and grows with it. Bounded: of a very long output it knows
// fewer places. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reporter/log_lines.h"

namespace seaworthy::reporter {

class LogIndex {
 public:
  static constexpr size_t kMostPlaces = 16'384;  // 1 GiB of output at 64 KiB; some 60 bytes each

  // What follows the bytes that were taken before. `is_end`: nothing follows these.
  void take(std::string_view bytes, bool is_end);

  uint64_t bytes() const { return end_.offset + unfinished_.size(); }
  // With the one whose end was not taken yet.
  uint64_t rows() const { return end_.row + (unfinished_.empty() ? 0 : 1); }
  uint64_t lines() const { return end_.line - (unfinished_.empty() && !end_.continues ? 1 : 0); }

  // The nearest known place that is not behind the one asked for.
  const LogPosition& before_row(uint64_t row) const;
  const LogPosition& before_line(uint64_t line) const;
  const LogPosition& before_offset(uint64_t offset) const;

 private:
  void remember();

  std::vector<LogPosition> places_{LogPosition{}};
  LogPosition end_;         // where the first row begins whose end was not taken
  std::string unfinished_;  // the bytes of that row
  uint64_t spacing_ = 64 * 1024;
};

}  // namespace seaworthy::reporter
