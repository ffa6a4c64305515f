// SummaryFile is DIR/up.json: where this `seaworthy up` is reached, for programs. It appears as a
// whole when everything has been started, and goes when everything has stopped.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "shared/base/result.h"
#include "shared/base/time.h"

namespace seaworthy::cli {

struct Summary {
  pid_t pid = 0;
  std::string broker;  // endpoint
  std::string page;    // address for a browser; empty: there is none
  unsigned workers = 0;
  std::filesystem::path state;
  UnixMillis started;
};

std::string json_of(const Summary& summary);

class SummaryFile {
 public:
  // One that a killed predecessor left is removed.
  explicit SummaryFile(std::filesystem::path file);
  Result<Done> write(const Summary& summary) const;
  void remove() const;

 private:
  std::filesystem::path file_;
};

}  // namespace seaworthy::cli
