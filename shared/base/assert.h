// SW_ASSERT is on in every build type. It is for our own bugs: a failed one prints what and where,
// and aborts; the supervisor restarts the process, which recovers from its store. Never for input,
// peers or the machine.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace seaworthy {

[[noreturn]] inline void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr,
               "%s:%d: assertion failed: %s (a bug in seaworthy; the process ends and recovers on "
               "restart)\n",
               file, line, expression);
  std::abort();
}

}  // namespace seaworthy

#define SW_ASSERT(expression)          \
  ((expression) ? static_cast<void>(0) \
                : ::seaworthy::assertion_failed(#expression, __FILE__, __LINE__))
