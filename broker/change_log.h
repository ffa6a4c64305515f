// ChangeLog is where changes become durable first: each commit is one record at the end of a file,
// and one fdatasync. What was filed in the tables since need not stay: two files are written in
// turns, so that the log takes little room and no append makes a file longer than it was (which
// costs the file system a commit of its own). Once opened, it is Storage's.
//
//   | first half of the SHA-256 of the rest | number | length of the changes | changes |
//     16                                      8        8                       length
//
// Numbers count records, without gaps, over the whole life of the store; all are little-endian. A
// file begins with a record; its records are those that follow each other from there, and end where
// a number or a hash is not the one expected: what stands there is older, or was being written when
// the power failed, and was acknowledged to nobody.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/io/fd.h"

namespace seaworthy::broker {

inline constexpr uint64_t kUnfiledBytes = 1024 * 1024;

class ChangeLog {
 public:
  // Opens or makes the two files in `state`. Throws StoreError and OutOfSpace, as append().
  explicit ChangeLog(std::filesystem::path state);

  struct Record {
    uint64_t number = 0;
    std::string changes;
  };
  // The records after `filed`, in order. Throws StoreError if one of them is missing.
  std::vector<Record> after(uint64_t filed) const;

  // Everything up to `filed` is in the tables: the next record has the number after it, and takes
  // the room of what is there. Before the first append().
  void begin_after(uint64_t filed);
  // Durable when it returns the record's number. `filed`: up to where all is durable in the tables.
  // What is not may be the last record, or kUnfiledBytes of them.
  uint64_t append(std::string_view changes, uint64_t filed);

 private:
  struct File {
    std::filesystem::path path;
    io::Fd fd;
    uint64_t size = 0;  // that it has, with the room for what comes
    uint64_t end = 0;   // of what was written to it in this turn
    uint64_t last = 0;  // number of the record there
  };

  void make_room(File& file, uint64_t bytes);

  std::array<File, 2> files_;
  size_t turn_ = 0;
  uint64_t last_ = 0;
};

}  // namespace seaworthy::broker
