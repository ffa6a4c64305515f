// cancel, retry, drain and pause: commands that change what is queued, and who gets it. And notify,
// which changes nothing.
#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

// A number, or the beginning of a revision, is a build; BUILD/NAME is a job; with `is_job` the
// number is a job's.
struct TargetOptions {
  std::string target;
  bool is_job = false;
};

Ended cancel(io::Client& client, const TargetOptions& options, const std::string& reason,
             Screen& screen);

// Submits the same jobs again as a new build. A job is submitted alone, without what it needs.
Ended retry(io::Client& client, const TargetOptions& options, Screen& screen);

// A worker gets no more jobs; or gets them again.
Ended drain(io::Client& client, const std::string& worker, bool undo, Screen& screen);
// A repository's jobs wait; or run again.
Ended pause(io::Client& client, const std::string& repository, bool undo, Screen& screen);

// Tells watchers to look at the repository now.
Ended notify(io::Client& client, const std::string& repository, Screen& screen);

}  // namespace seaworthy::cli
