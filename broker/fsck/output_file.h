// The output file of one attempt, read to its end a megabyte at a time, plain or compressed, as the
// broker finds it (broker/outputs.h): the plain file first. A file that is being compressed
// meanwhile is replaced by rename, so one of both is always there. What is no regular file is not
// opened for long, and a frame that unpacks to more than the broker writes is damage, so memory is
// bounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace seaworthy::fsck {

enum class OutputState : uint8_t { Read, Missing, Unreadable, Damaged };

struct OutputContent {
  OutputState state = OutputState::Missing;
  std::string file;     // relative to the directory; of the plain one if both are missing
  std::string problem;  // if unreadable or damaged
  bool packed = false;
  uint64_t bytes = 0;  // plain: size of the file; packed: of the text in it
  std::string sha256;  // hex, of the first `extent` bytes, if asked for
};

// `extent`: bytes that count. A plain file is opened and measured, and read only for its digest.
OutputContent read_output_file(const std::filesystem::path& directory, int64_t job, int64_t attempt,
                               uint64_t extent, bool with_digest);

}  // namespace seaworthy::fsck
