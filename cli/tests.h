// `seaworthy tests`, and what other commands say of the tests that failed.
#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/screen.h"

namespace seaworthy::cli {

struct TestsOptions {
  std::string build;
  bool failed_only = false;
  bool json = false;
};
Ended list_tests(io::Client& client, const TestsOptions& options, Screen& screen);

// The failed tests of a build or job, as far as one answer has them; empty where nothing is known
// of any, or the broker is too old to be asked.
wire::TestList failed_tests(io::Client& client, BuildId build, JobId job = {});

}  // namespace seaworthy::cli
