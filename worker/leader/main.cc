// seaworthy-leader: what a worker starts for each job. No program for people, whom it tells so.
#include <cstdio>
#include <string_view>

#include "worker/leader/leader.h"

namespace {

constexpr const char* kHelp =
    "Leads one job of a worker of Seaworthy.\n"
    "Usage: seaworthy-leader SPOOL\n\n"
    "seaworthy-worker starts it for each job, and finds it beside itself, of the same version. "
    "It checks out, runs the steps, keeps their output in SPOOL, and leaves no process behind. It "
    "hears from the worker what to do; there is nothing that a person could do with it.\n\n"
    "Options:\n"
    "  -h,--help       Print this help message and exit\n"
    "  --version       Display program version information and exit\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc == 2 ? argv[1] : "";
  if (word.starts_with('/')) return seaworthy::worker::run_leader();
  const bool asked = word == "--help" || word == "-h";
  if (word == "--version")
    std::puts("seaworthy-leader " SEAWORTHY_VERSION);
  else
    std::fputs(kHelp, asked ? stdout : stderr);
  return asked || word == "--version" ? 0 : 2;
}
