#include "shared/io/clock.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "shared/base/assert.h"
#include "shared/io/fd.h"

namespace seaworthy::io {
namespace {

int64_t milliseconds_of(clockid_t clock) {
  timespec at{};
  SW_ASSERT(clock_gettime(clock, &at) == 0);
  return static_cast<int64_t>(at.tv_sec) * 1000 + at.tv_nsec / 1'000'000;
}

}  // namespace

std::string errno_text(const std::string& attempted) {
  return attempted + ": " + std::strerror(errno);
}

Instant now() { return {Duration{milliseconds_of(CLOCK_BOOTTIME)}}; }
UnixMillis wall_now() { return {milliseconds_of(CLOCK_REALTIME)}; }
Moment moment() { return {now(), wall_now()}; }

void fill_random(void* bytes, size_t size) {
  SW_ASSERT(getrandom(bytes, size, 0) == static_cast<ssize_t>(size));
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace seaworthy::io
