// FUZZ_REQUIRE is what a fuzz target holds to be true: a failed one prints what and where, and
// aborts, which is what a fuzzer takes for a find.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace seaworthy::fuzz {

[[noreturn]] inline void broken(const char* promise, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
  std::abort();
}

}  // namespace seaworthy::fuzz

#define FUZZ_REQUIRE(promise) \
  ((promise) ? static_cast<void>(0) : ::seaworthy::fuzz::broken(#promise, __FILE__, __LINE__))
