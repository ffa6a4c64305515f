// Log set-up, the same for all programs: one line per thing that happened, to stderr. Log through
// spdlog's free functions after start_log(). Levels: error = someone must act; warn = it healed;
// info = what a person tailing the log wants to know; debug = each message.
#pragma once

#include <cstdint>
#include <string>

namespace seaworthy::io {

struct LogOptions {
  std::string program;          // "broker"
  std::string format = "text";  // or "json": one object per line
  std::string level = "info";
};

void start_log(const LogOptions& options);

// Lets one warning per interval through and counts the rest, for what a hostile peer can cause at
// any rate.
class RateLimit {
 public:
  // The number of suppressed ones since the last true, plus one; 0: stay quiet now.
  uint64_t pass(int64_t now_ms) {
    ++count_;
    if (now_ms < next_ms_) return 0;
    next_ms_ = now_ms + kIntervalMs;
    uint64_t count = count_;
    count_ = 0;
    return count;
  }

 private:
  static constexpr int64_t kIntervalMs = 10'000;
  int64_t next_ms_ = 0;
  uint64_t count_ = 0;
};

}  // namespace seaworthy::io
