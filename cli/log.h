// log: the output of a job's attempt, as the bytes it wrote.
#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct LogOptions {
  std::string job;
  uint32_t attempt = 0;  // 0: the latest
  bool follow = false;
};

// Without `follow`: what is stored now. With it: until the job has its verdict; when a worker was
// lost, the next attempt follows, after a remark.
Ended print_log(io::Client& client, const LogOptions& options, Screen& screen);

}  // namespace seaworthy::cli
