#include "shared/io/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "shared/io/clock.h"

extern char** environ;

namespace seaworthy::io {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::string_view name_of(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Unexpected{errno_text("cannot make a pipe")};
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Sets up what the child's descriptors will be. dup2 onto itself clears close-on-exec in
// posix_spawn.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void arrange(const Spawn& what) {
    if (what.stdin_fd < 0)
      posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    else
      posix_spawn_file_actions_adddup2(&actions_, what.stdin_fd, 0);
    if (what.stdout_fd >= 0) posix_spawn_file_actions_adddup2(&actions_, what.stdout_fd, 1);
    if (what.stderr_fd >= 0) posix_spawn_file_actions_adddup2(&actions_, what.stderr_fd, 2);
    if (what.extra_fd >= 0) posix_spawn_file_actions_adddup2(&actions_, what.extra_fd, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions_, what.extra_fd >= 0 ? 4 : 3);
    if (what.directory) posix_spawn_file_actions_addchdir_np(&actions_, what.directory->c_str());
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  explicit Attributes(bool new_session) {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    int group = new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

void set_nonblocking(const Fd& fd) {
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

// write() to a child that may have closed its input: without the signal that would end us.
ssize_t write_quietly(const Fd& fd, const char* data, size_t size) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t count = write(fd.get(), data, size);
  const int error = errno;
  const timespec no_time{};
  if (count < 0 && error == EPIPE && sigismember(&before, SIGPIPE) == 0)
    sigtimedwait(&pipe, nullptr, &no_time);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return count;
}

// Appends what can be read now; false at the end of the stream.
bool drain(const Fd& fd, std::string& into) {
  std::array<char, 65536> buffer;
  for (;;) {
    ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count > 0)
      into.append(buffer.data(), static_cast<size_t>(count));
    else if (count < 0 && errno == EINTR)
      continue;
    else
      return count < 0 && errno == EAGAIN;
  }
}

}  // namespace

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const std::string& change : changes)
      replaced = replaced || name_of(change) == name_of(*entry);
    if (!replaced) result.emplace_back(*entry);
  }
  result.insert(result.end(), changes.begin(), changes.end());
  return result;
}

Result<Child> spawn(const Spawn& what) {
  FileActions actions;
  actions.arrange(what);
  Attributes attributes(what.new_session);
  std::vector<char*> argv = pointers_to(what.argv);
  std::vector<char*> environment;
  if (what.environment) environment = pointers_to(*what.environment);
  Child child;
  const char* const program = what.program.empty() ? argv[0] : what.program.c_str();
  int error = posix_spawnp(&child.pid, program, actions.get(), attributes.get(), argv.data(),
                           what.environment ? environment.data() : environ);
  if (error != 0) {
    std::string where = what.directory ? " in " + what.directory->string() : "";
    return Unexpected{"cannot run " + what.argv[0] + where + ": " + std::strerror(error)};
  }
  child.pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd) {
    std::string reason = errno_text("cannot watch process " + std::to_string(child.pid));
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    return Unexpected{reason};
  }
  return child;
}

int reap(const Child& child) {
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0)
    if (errno != EINTR) return 255;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<CommandResult> run(const Command& command) {
  auto in = make_pipe(), out = make_pipe(), err = make_pipe();
  for (auto* pipe : {&in, &out, &err})
    if (!*pipe) return Unexpected{pipe->error()};
  Spawn what;
  what.argv = command.argv;
  what.directory = command.directory;
  if (!command.environment.empty()) what.environment = environment_with(command.environment);
  what.stdin_fd = in->read_end.get();
  what.stdout_fd = out->write_end.get();
  what.stderr_fd = err->write_end.get();
  Result<Child> child = spawn(what);
  if (!child) return Unexpected{child.error()};
  in->read_end.reset(), out->write_end.reset(), err->write_end.reset();
  set_nonblocking(in->write_end), set_nonblocking(out->read_end), set_nonblocking(err->read_end);

  CommandResult result;
  size_t written = 0;
  std::string problem;
  const Instant deadline = now() + command.timeout;
  bool out_open = true, err_open = true, ended = false;
  // A grandchild may keep the pipes open for ever: once the child has ended, what is there is all
  // there is.
  while (!ended) {
    if (written == command.input.size()) in->write_end.reset();
    std::array<pollfd, 5> polled{{{child->pidfd.get(), POLLIN, 0},
                                  {out_open ? out->read_end.get() : -1, POLLIN, 0},
                                  {err_open ? err->read_end.get() : -1, POLLIN, 0},
                                  {in->write_end ? in->write_end.get() : -1, POLLOUT, 0},
                                  {command.interrupt_fd, POLLIN, 0}}};
    Duration left = deadline - now();
    if (left <= Duration{0})
      problem = "did not end within " + std::to_string(command.timeout.count()) + " ms";
    if (result.output.size() > command.output_limit) problem = "wrote too much";
    if (!problem.empty()) break;
    if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0 && errno != EINTR)
      continue;
    if (polled[4].revents != 0) {
      problem = "was interrupted";
      break;
    }
    if (polled[3].revents != 0) {
      ssize_t count = write_quietly(in->write_end, command.input.data() + written,
                                    command.input.size() - written);
      if (count > 0)
        written += static_cast<size_t>(count);
      else if (count < 0 && errno != EAGAIN && errno != EINTR)
        written = command.input.size();
    }
    ended = polled[0].revents != 0;
    if (out_open) out_open = drain(out->read_end, result.output);
    if (err_open) err_open = drain(err->read_end, result.error);
    if (result.error.size() > 128 * 1024) result.error.erase(0, result.error.size() - 64 * 1024);
  }
  if (!problem.empty()) {
    kill(-child->pid, SIGKILL);
    reap(*child);
    return Unexpected{command.argv[0] + " " + problem + " and was killed"};
  }
  result.exit_code = reap(*child);
  return result;
}

}  // namespace seaworthy::io
