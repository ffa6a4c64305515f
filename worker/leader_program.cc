#include "worker/leader_program.h"

#include <fcntl.h>
#include <unistd.h>

#include "worker/leader_protocol.h"

namespace seaworthy::worker {

namespace fs = std::filesystem;

Result<LeaderProgram> LeaderProgram::beside_this_program() {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  if (error)
    return Unexpected{"cannot find out where this program is, and so its " +
                      std::string(kLeaderName) + ", by /proc/self/exe: " + error.message()};
  return at(own.parent_path() / kLeaderName);
}

Result<LeaderProgram> LeaderProgram::at(const fs::path& file) {
  LeaderProgram program(io::Fd(open(file.c_str(), O_PATH | O_CLOEXEC)));
  if (!program.program_ || access(program.path().c_str(), X_OK) != 0)
    return Unexpected{io::errno_text("cannot run " + file.string()) +
                      "; jobs are led by it: install it there, of the same version as this worker"};
  return program;
}

// Not by /proc/self: who starts it has closed the descriptor by then.
std::string LeaderProgram::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(program_.get());
}

}  // namespace seaworthy::worker
