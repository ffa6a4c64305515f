// Outputs keeps what jobs wrote, one file per attempt beside the database: DIR/<job /
// 1000>/<job>.<attempt>.log, and .log.zst once the attempt has ended. How much of a file counts is
// the database's word (attempt.output_bytes): bytes beyond it were never acknowledged. Compressed
// files are independent zstd frames of 1 MiB of text, so that a range is read without what is
// before it. Beside it, in <job>.<attempt>.times, stands when it was written (io/times_file.h), as
// far as its worker said so: no promise holds for that. OutputWriter belongs to Storage,
// the free functions may be called by any; a file that is being compressed is replaced by rename,
// and readers look for both names.
#pragma once

#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/ids.h"
#include "shared/io/fd.h"
#include "shared/io/times_file.h"

namespace seaworthy::broker {

class OutputWriter {
 public:
  explicit OutputWriter(std::filesystem::path directory);

  // Not durable before sync(). Throws std::runtime_error when the disk refuses; times are lost
  // then. `times`: of these bytes.
  void write(AttemptKey attempt, uint64_t offset, std::string_view bytes,
             const OutputTimes& times = {});
  // Makes everything written durable, one fdatasync per file touched.
  void sync();
  // No more comes for this one.
  void close(AttemptKey attempt);

 private:
  struct File {
    io::Fd fd;
    io::TimesFile times;
    bool dirty = false;
    std::list<AttemptKey>::iterator turn;
  };
  File& open(AttemptKey attempt);

  std::filesystem::path directory_;
  std::map<AttemptKey, File> files_;
  std::list<AttemptKey> turns_;  // least recently used first; bounds the open files
};

// Reads ranges. Of a few compressed files it remembers where their frames begin, and the frame that
// was unpacked last: who reads on from where the last answer ended costs one frame per MiB. Belongs
// to one thread.
class OutputReader {
 public:
  explicit OutputReader(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // At most `most` bytes from `offset` on, of the first `extent` bytes. Throws std::runtime_error
  // if the file is gone or damaged.
  std::string read(AttemptKey attempt, uint64_t offset, uint64_t extent, size_t most);
  // When the bytes from `from` up to `to` were written, as far as that is known.
  io::TimesRead read_times(AttemptKey attempt, uint64_t from, uint64_t to) const;

 private:
  using Frames = std::vector<uint64_t>;  // where each begins, and where the last ends
  std::string read_compressed(AttemptKey attempt, int fd, uint64_t offset, size_t size,
                              const std::filesystem::path& path);
  const Frames& frames_of(AttemptKey attempt, int fd, const std::filesystem::path& path);

  std::filesystem::path directory_;
  std::list<std::pair<AttemptKey, Frames>> known_;  // most recently used first
  AttemptKey unpacked_of_;
  size_t unpacked_frame_ = 0;
  std::string unpacked_;  // empty: none
};

// Of every attempt that has a file.
std::vector<AttemptKey> stored_outputs(const std::filesystem::path& directory);

// What is not there is removed already.
void remove_output(const std::filesystem::path& directory, AttemptKey attempt);

// Replaces the file by its compressed form. Small ones stay as they are.
void compress_output(const std::filesystem::path& directory, AttemptKey attempt, uint64_t extent);

}  // namespace seaworthy::broker
