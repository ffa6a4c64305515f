// OutputLog is the file in which an attempt's output is kept, on this machine's disk. It takes any
// number of bytes and keeps at most `cap_bytes`: the first half as they come, the last half at the
// end, and between them a line that says how many were left out. What is in the file never changes
// again, so it can be sent while it grows. Memory: at most half the cap, and only beyond the first
// half. Errors are remembered in problem(); append() never fails or blocks on anything but the
// disk. Beside it, if it is told to, it keeps when the bytes were appended (io/times_file.h): of
// those that come at once, the time of the first.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/io/fd.h"
#include "shared/io/sha256.h"
#include "shared/io/times_file.h"

namespace seaworthy::worker {

class OutputLog {
 public:
  OutputLog(const std::filesystem::path& file, uint64_t cap_bytes);
  OutputLog(const OutputLog&) = delete;
  OutputLog& operator=(const OutputLog&) = delete;

  // `elapsed_ms`: since the attempt's start. Before anything is appended.
  void keep_times(const std::filesystem::path& file, std::function<uint64_t()> elapsed_ms);
  void append(std::string_view bytes);
  // A line of our own: it starts at the beginning of a line and ends it. Says before how many
  // appended bytes it began.
  uint64_t append_line(std::string_view line);
  // By this, places in the log are told until finish() knows where they are in the file.
  uint64_t appended_bytes() const { return appended_; }

  struct Whole {
    uint64_t bytes = 0;
    std::string sha256;  // hex
    bool truncated = false;
    uint64_t left_out_from = 0;   // appended before what was left out
    uint64_t left_out_bytes = 0;  // and so much it is
    uint64_t marker_bytes = 0;    // that stand in its place

    // Where in the file stands what was appended after so many bytes.
    uint64_t place_of(uint64_t appended) const;
  };
  // Writes what was held back. Nothing may be appended after it.
  Whole finish();

  // In the file now.
  uint64_t size_bytes() const { return written_; }
  // Why bytes could not be written, or empty.
  const std::string& problem() const { return problem_; }

 private:
  void write_out(std::string_view bytes);
  void keep_in_tail(std::string_view bytes);
  void keep_time();
  void finish_times(const Whole& whole);

  io::Fd file_;
  io::Sha256 digest_;
  uint64_t head_cap_;
  uint64_t tail_cap_;
  uint64_t written_ = 0;
  uint64_t appended_ = 0;
  // The last tail_cap_ bytes after the head: a ring once it is full, its oldest byte at
  // tail_start_.
  std::string tail_;
  uint64_t tail_start_ = 0;
  uint64_t left_out_ = 0;
  bool at_line_start_ = true;
  std::optional<io::TimesFile> times_;
  std::function<uint64_t()> elapsed_ms_;
  std::optional<OutputTime> last_time_;   // offsets here and below are of what was appended
  std::deque<OutputTime> times_of_tail_;  // the first may be of what stands before it
  std::string problem_;
};

// Of a whole file, for output whose leader died. Empty if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace seaworthy::worker
