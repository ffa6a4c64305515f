#include "broker/fsck/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>

#include "broker/fsck/sha256.h"
#include "shared/io/fd.h"

namespace seaworthy::fsck {
namespace {

constexpr size_t kFrameBytes = 1024 * 1024;  // of text; what broker/outputs.cc writes
constexpr size_t kPackedFrameBytes = kFrameBytes + kFrameBytes / 8;

// As many of `size` bytes as there are. False with errno set if the disk refuses.
bool read_part(int fd, uint64_t offset, size_t size, std::string& bytes) {
  bytes.resize(size);
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count =
        pread(fd, bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  bytes.resize(filled);
  return true;
}

void fail(OutputContent& content, OutputState state, std::string problem) {
  content.state = state;
  content.problem = std::move(problem);
}

void read_plain(int fd, uint64_t extent, bool with_digest, OutputContent& content) {
  content.state = OutputState::Read;
  if (!with_digest || content.bytes < extent) return;
  Sha256 sha;
  std::string part;
  for (uint64_t offset = 0; offset < extent; offset += part.size()) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(kFrameBytes, extent - offset));
    if (!read_part(fd, offset, size, part) || part.empty())
      return fail(content, OutputState::Unreadable, io::errno_text("cannot read it"));
    sha.add(part);
  }
  content.sha256 = sha.hex();
}

// Frame by frame, as the broker reads it: all but the last are full, so that a frame costs no more
// than the bytes it brings. Stops when it is clear that there is more than `extent`.
void read_packed(int fd, uint64_t extent, OutputContent& content) {
  Sha256 sha;
  std::string packed, text(kFrameBytes, '\0');
  uint64_t offset = 0;
  content.state = OutputState::Read;
  content.bytes = 0;
  while (content.bytes <= extent) {
    if (!read_part(fd, offset, kPackedFrameBytes, packed))
      return fail(content, OutputState::Unreadable, io::errno_text("cannot read it"));
    if (packed.empty()) break;
    const size_t frame = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    const bool follows_a_full_one = content.bytes % kFrameBytes == 0;
    if (ZSTD_isError(frame) || size == 0 || size > kFrameBytes || !follows_a_full_one ||
        ZSTD_decompress(text.data(), text.size(), packed.data(), frame) != size)
      return fail(content, OutputState::Damaged,
                  "the part at byte " + std::to_string(offset) + " of the file cannot be unpacked");
    sha.add(std::string_view(text).substr(0, size));
    offset += frame;
    content.bytes += size;
  }
  content.sha256 = sha.hex();
}

}  // namespace

OutputContent read_output_file(const std::filesystem::path& directory, int64_t job, int64_t attempt,
                               uint64_t extent, bool with_digest) {
  const std::string stem =
      std::to_string(job / 1000) + "/" + std::to_string(job) + "." + std::to_string(attempt);
  OutputContent content;
  for (const char* ending : {".log", ".log.zst"}) {
    const std::filesystem::path path = directory / (stem + ending);
    // A pipe in the place of a file must not be waited for.
    io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd && errno == ENOENT) continue;
    content.file = stem + ending;
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) != 0) {
      fail(content, OutputState::Unreadable, io::errno_text("cannot open it"));
      return content;
    }
    if (!S_ISREG(status.st_mode)) {
      fail(content, OutputState::Damaged, "it is no regular file");
      return content;
    }
    content.bytes = static_cast<uint64_t>(status.st_size);
    content.packed = std::string_view(ending) == ".log.zst";
    if (content.packed)
      read_packed(fd.get(), extent, content);
    else
      read_plain(fd.get(), extent, with_digest, content);
    return content;
  }
  content.file = stem + ".log";
  return content;
}

}  // namespace seaworthy::fsck
