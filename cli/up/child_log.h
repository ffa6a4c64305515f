// ChildLog is the file that a child's stdout and stderr are appended to, and a view of what was
// added since the child was started. Lines are those of io/log.h, or whatever else a program prints
// when it dies.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/io/fd.h"

namespace seaworthy::cli {

// "error broker: cannot listen" of a log line with its date; any other line as it is.
std::string_view without_date(std::string_view line);

struct Complaint {
  bool error = false;  // else a warning
  std::string text;
  bool operator==(const Complaint&) const = default;
};
// What a log line says, if its level is warning or worse.
std::optional<Complaint> complaint_of(std::string_view line);

class ChildLog {
 public:
  static Result<ChildLog> open(const std::filesystem::path& file);

  int fd() const { return fd_.get(); }
  const std::filesystem::path& file() const { return file_; }
  // What is written from now on counts as the present life's.
  void start_life();
  // The last `most` lines of the present life, without dates.
  std::vector<std::string> last_lines(size_t most) const;
  // The complaints since the last call, at most 10: the others are in the file.
  std::vector<Complaint> new_complaints();

 private:
  ChildLog(std::filesystem::path file, io::Fd fd);
  uint64_t size() const;
  std::string read_from(uint64_t offset, size_t most) const;

  std::filesystem::path file_;
  io::Fd fd_;
  uint64_t life_ = 0;  // bytes: where the present life began
  uint64_t seen_ = 0;  // bytes: how far new_complaints() has read
};

}  // namespace seaworthy::cli
