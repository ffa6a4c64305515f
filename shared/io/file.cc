#include "shared/io/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "shared/io/fd.h"

namespace seaworthy::io {

Result<std::string> read_file(const std::filesystem::path& file) {
  const Fd in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return Unexpected{errno_text("cannot read " + file.string())};
  return read_all(in.get(), file.string());
}

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  char piece[16 * 1024];
  while (true) {
    const ssize_t count = read(fd, piece, sizeof piece);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unexpected{errno_text("cannot read " + name)};
    text.append(piece, static_cast<size_t>(count));
  }
}

}  // namespace seaworthy::io
