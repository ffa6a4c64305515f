// A library for LD_PRELOAD that makes a program's machine fail on demand: its disk is full, it
// cannot make anything durable, or takes long for it, its wall clock jumps. The switches are four
// words of 8 bytes in the file that CHAOS_FAULTS names, mapped by each program and written by the
// test at any time:
//
//   0  not 0: fsync and fdatasync fail with EIO
//   1  not 0: writing to a regular file fails with ENOSPC, other than to stdin, stdout and stderr
//   2  milliseconds, signed, that the wall clock is ahead
//   3  milliseconds that fsync and fdatasync take longer
//
// Not libfaketime: it does the clock only, would be one more package to install, and also moves the
// clocks that never jump on a real machine (monotonic, boot time), on which leases rest. Absolute
// waits on the wall clock (pthread_cond_timedwait and its like) are not moved: nothing here uses
// them.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

using Switch = std::atomic<int64_t>;
static_assert(sizeof(Switch) == 8 && Switch::is_always_lock_free);

constexpr size_t kSync = 0, kDisk = 1, kClock = 2, kSlow = 3, kSwitches = 4;

Switch* map_switches() {
  const char* path = std::getenv("CHAOS_FAULTS");
  const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* mapped = mmap(nullptr, kSwitches * sizeof(Switch), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return mapped == MAP_FAILED ? nullptr : static_cast<Switch*>(mapped);
}

int64_t value_of(size_t which) {
  static Switch* const switches = map_switches();
  return switches == nullptr ? 0 : switches[which].load(std::memory_order_relaxed);
}

template <class Function>
Function* real(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool disk_refuses(int fd) {
  struct stat status {};
  if (fd <= STDERR_FILENO || value_of(kDisk) == 0) return false;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  errno = ENOSPC;
  return true;
}

bool sync_refuses() {
  if (const int64_t slow_ms = value_of(kSlow); slow_ms > 0)
    usleep(static_cast<useconds_t>(slow_ms * 1000));
  if (value_of(kSync) == 0) return false;
  errno = EIO;
  return true;
}

void shift(timespec& at) {
  constexpr int64_t kNanoseconds = 1'000'000'000;
  int64_t nanoseconds = at.tv_nsec + value_of(kClock) % 1000 * 1'000'000;
  int64_t seconds = at.tv_sec + value_of(kClock) / 1000;
  if (nanoseconds < 0) nanoseconds += kNanoseconds, --seconds;
  if (nanoseconds >= kNanoseconds) nanoseconds -= kNanoseconds, ++seconds;
  at.tv_sec = seconds;
  at.tv_nsec = nanoseconds;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int fsync(int fd) {
  static auto* const next = real(&fsync, "fsync");
  return sync_refuses() ? -1 : next(fd);
}

int fdatasync(int fd) {
  static auto* const next = real(&fdatasync, "fdatasync");
  return sync_refuses() ? -1 : next(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const next = real(&write, "write");
  return disk_refuses(fd) ? -1 : next(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static auto* const next = real(&pwrite, "pwrite");
  return disk_refuses(fd) ? -1 : next(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  static auto* const next = real(&pwrite64, "pwrite64");
  return disk_refuses(fd) ? -1 : next(fd, bytes, size, offset);
}

int clock_gettime(clockid_t clock, timespec* at) noexcept {
  static auto* const next = real(&clock_gettime, "clock_gettime");
  const int result = next(clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(*at);
  return result;
}

int gettimeofday(timeval* __restrict at, void* __restrict) noexcept {
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* at) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
#pragma GCC visibility pop
