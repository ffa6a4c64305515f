#include "reporter/descriptors.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace seaworthy::reporter {
namespace {

// Kept for connections that are told that there are too many, and for libzmq, which ends the
// process when it gets none.
constexpr rlim_t kOtherDescriptors = 128;

}  // namespace

size_t connections_that_fit(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur <= kOtherDescriptors)
    throw std::runtime_error("cannot serve with " + std::to_string(limit.rlim_cur) +
                             " descriptors (ulimit -n): allow at least 256");
  const size_t most = limit.rlim_cur - kOtherDescriptors;
  if (most < wanted)
    spdlog::warn("{} connections of browsers at a time, not {}: ulimit -n allows no more", most,
                 wanted);
  return std::min(most, wanted);
}

}  // namespace seaworthy::reporter
