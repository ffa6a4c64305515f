#include "broker/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "broker/journal/store_error.h"
#include "shared/io/fd.h"

namespace seaworthy::broker {

namespace fs = std::filesystem;

void fail(const std::string& attempted, const fs::path& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  const std::string text = io::errno_text("cannot " + attempted + " " + path.string());
  if (full) throw OutOfSpace(text);
  throw StoreError(text);
}

void write_all(int fd, std::string_view bytes, uint64_t offset, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("write", path);
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

void sync_folder(const fs::path& folder) {
  io::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) fail("make durable", folder);
}

}  // namespace seaworthy::broker
