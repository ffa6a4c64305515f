#include "worker/leader/job_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "shared/io/fd.h"
#include "worker/leader_protocol.h"

namespace seaworthy::worker {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, which has the parent's memory: nothing is allocated, and nothing of the parent's
// changed. An errno goes to `trouble_fd` if it cannot.
[[noreturn]] void become(const char* directory, char* const* arguments, char* const* environment,
                         int output_fd, int trouble_fd) {
  setsid();
  take_a_back_seat();
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(output_fd, STDOUT_FILENO);
  dup2(output_fd, STDERR_FILENO);
  // The worker's pipes must end with the leader. All other descriptors close by themselves.
  fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
  if (chdir(directory) == 0) execvpe(arguments[0], arguments, environment);
  const int error = errno;
  _exit(write(trouble_fd, &error, sizeof error) > 0 ? 127 : 126);
}

}  // namespace

Result<pid_t> start_program(const JobProgram& program, const Group& group) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Unexpected{io::errno_text("cannot make a pipe")};
  const io::Fd trouble(ends[0]);
  io::Fd trouble_write(ends[1]);
  const std::vector<char*> arguments = pointers_to(program.arguments);
  const std::vector<char*> environment = pointers_to(program.environment);
  const pid_t child = group.fork_into();
  if (child == 0)
    become(program.directory.c_str(), arguments.data(), environment.data(), program.output_fd,
           trouble_write.get());
  if (child < 0)
    return Unexpected{io::errno_text("cannot start a process for " + program.arguments[0])};
  trouble_write.reset();
  int error = 0;  // stays so when the program runs: the pipe ends
  if (read(trouble.get(), &error, sizeof error) > 0)
    return Unexpected{"cannot run " + program.arguments[0] + " in " + program.directory.string() +
                      ": " + std::strerror(error)};
  return child;
}

void part_from_leader() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), kControlFd);
  close(kReportFd);
}

}  // namespace seaworthy::worker
