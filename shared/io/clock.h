// The real clocks, and real randomness. Only loops and mains call these; what they read is passed
// on as a value.
#pragma once

#include <string>

#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::io {

// CLOCK_BOOTTIME: goes on while the machine is suspended, so that a lease does not outlive a closed
// lid.
Instant now();
UnixMillis wall_now();
Moment moment();

// From the kernel's generator; aborts if there is none.
void fill_random(void* bytes, size_t size);
template <class Token>
Token random_token() {
  Token token;
  fill_random(token.bytes.data(), token.bytes.size());
  return token;
}

std::string host_name();

}  // namespace seaworthy::io
