#include "broker/disk_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "shared/io/fd.h"

namespace seaworthy::broker {

namespace fs = std::filesystem;

DiskSpace::DiskSpace(std::vector<fs::path> directories, uint64_t least_free_bytes)
    : directories_(std::move(directories)),
      ballast_(directories_.front() / "ballast"),
      least_(least_free_bytes) {
  std::error_code error;
  has_ballast_ = fs::file_size(ballast_, error) >= least_ / 8 && !error;
}

Space DiskSpace::look() {
  free_ = measure();
  if (free_ < least_ / 64 && has_ballast_) {
    fs::remove(ballast_);
    has_ballast_ = false;
    free_ = measure();
  }
  if (free_ < least_ / 64) return seen_ = Space::None;
  // Once low it must be clearly more than the least, so that it does not change with each batch.
  const uint64_t wanted =
      (seen_ == Space::Enough ? least_ : least_ + least_ / 4) + (has_ballast_ ? 0 : least_ / 8);
  const bool enough = free_ >= wanted && (has_ballast_ || lay_in_ballast());
  return seen_ = enough ? Space::Enough : Space::Low;
}

uint64_t DiskSpace::measure() const {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  for (const fs::path& directory : directories_) {
    struct statvfs stat {};
    if (statvfs(directory.c_str(), &stat) != 0)
      throw std::runtime_error(
          io::errno_text("cannot see how much is free in " + directory.string()));
    least = std::min<uint64_t>(least, uint64_t{stat.f_bavail} * stat.f_frsize);
  }
  return least;
}

// Real blocks, not a hole in a file.
bool DiskSpace::lay_in_ballast() {
  if (least_ / 8 == 0) return has_ballast_ = true;
  io::Fd file(::open(ballast_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  has_ballast_ = file && posix_fallocate(file.get(), 0, static_cast<off_t>(least_ / 8)) == 0;
  if (!has_ballast_) {
    std::error_code ignored;
    fs::remove(ballast_, ignored);
  }
  return has_ballast_;
}

}  // namespace seaworthy::broker
