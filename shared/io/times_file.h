// TimesFile keeps the times of an output (model/output_times.h) in a file beside it: records of 12
// bytes in the order of their offsets, the last of which says up to where something is known. It is
// never made durable: after the machine crashed times may be missing, and what is left is told from
// what is not. What cannot be written is forgotten, all of it: no output waits for its times.
// Bounded by limits::kOutputTimes. One writer at a time; others may read meanwhile.
//
//   | offset  | ms since the attempt's start, plus 1; 0: not known |     integers little-endian
//     8         4
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "shared/io/fd.h"
#include "shared/model/output_times.h"

namespace seaworthy::io {

class TimesFile {
 public:
  // The file is made when there is a time to be kept.
  explicit TimesFile(std::filesystem::path file) : path_(std::move(file)) {}

  // These are the times of the bytes from `from` up to `to`. Whatever was said of `from` and what
  // follows it is forgotten.
  void write(uint64_t from, uint64_t to, const OutputTimes& times);
  // Nothing is known from here on.
  void end_at(uint64_t offset) { write(offset, UINT64_MAX, {}); }

 private:
  bool open(bool make);
  OutputTime record(uint64_t number) const;
  uint64_t records_before(uint64_t offset) const;
  void put(uint64_t at, const OutputTimes& records);
  void forget();

  std::filesystem::path path_;
  Fd fd_;
  uint64_t count_ = 0;  // of records, with the last one
  uint64_t end_ = 0;    // the last one's offset
  bool is_forgotten_ = false;
};

struct TimesRead {
  OutputTimes times;  // as times_of()
  uint64_t to = 0;    // of the bytes up to this one: before what was asked for if there were more
                      // times than fit a message
};
// No times where there is no file, or a damaged one. `from` < `to`.
TimesRead read_times(const std::filesystem::path& file, uint64_t from, uint64_t to);

// Up to where something is known; none if there is no file, or its end was lost.
std::optional<uint64_t> end_of_times(const std::filesystem::path& file);

}  // namespace seaworthy::io
