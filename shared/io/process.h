// Child processes by posix_spawn, which does not copy the parent and reports a failed exec as an
// error. Children get: their own process group, default signals, an empty mask, no descriptors but
// those named here. Not for job steps' trees; worker/leader/leader.h owns those.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/io/fd.h"

namespace seaworthy::io {

struct Spawn {
  std::vector<std::string> argv;
  std::string program;  // what is run; empty: argv[0]. Looked up in PATH if it has no slash.
  std::optional<std::filesystem::path> directory;
  // "NAME=value". Replaces the whole environment when set; else the parent's is inherited.
  std::optional<std::vector<std::string>> environment;
  // -1: /dev/null for stdin; inherited for stdout and stderr. `extra` arrives as descriptor 3.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  int extra_fd = -1;
  bool new_session = false;  // else a new process group
};

struct Child {
  pid_t pid = -1;
  Fd pidfd;  // readable when it has ended; it must then be reaped once
};

Result<Child> spawn(const Spawn& what);

// 0..255, or 128 + the signal that ended it. Waits for it.
int reap(const Child& child);

struct Command {
  std::vector<std::string> argv;
  std::optional<std::filesystem::path> directory;
  std::vector<std::string> environment;  // added to the parent's
  std::string input;
  Duration timeout{600'000};                // then its group is killed, and the result is an error
  size_t output_limit = 256 * 1024 * 1024;  // bytes of stdout kept; more is an error
  // When this is readable the command's group is killed, and the result is an error; -1: none.
  int interrupt_fd = -1;
};

struct CommandResult {
  int exit_code = 0;
  std::string output;
  std::string error;  // stderr, the last 64 KiB
};

// Runs it to its end, feeding input and collecting output. An error only if it could not be run to
// its end; a non-zero exit code is a result. Blocks the calling thread.
Result<CommandResult> run(const Command& command);

// The parent's environment with `changes` ("NAME=value") on top.
std::vector<std::string> environment_with(const std::vector<std::string>& changes);

}  // namespace seaworthy::io
