#include "worker/pool/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "worker/pool/child.h"

namespace seaworthy::worker::pool {
namespace {

struct Pipe {
  io::Fd read_end;
  io::Fd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return Unexpected{io::errno_text("cannot make a pipe to a worker")};
  return Pipe{io::Fd(ends[0]), io::Fd(ends[1])};
}

}  // namespace

Result<ChildProcess> ChildProcess::start(std::vector<std::string> argv,
                                         std::vector<std::string> environment) {
  auto control = make_pipe(), reports = make_pipe();
  if (!control) return Unexpected{control.error()};
  if (!reports) return Unexpected{reports.error()};
  fcntl(control->write_end.get(), F_SETFL, O_NONBLOCK);
  fcntl(reports->read_end.get(), F_SETFL, O_NONBLOCK);
  io::Spawn spawn;
  spawn.argv = std::move(argv);
  spawn.environment = std::move(environment);
  spawn.stdin_fd = control->read_end.get();
  spawn.extra_fd = reports->write_end.get();
  spawn.new_session = true;  // a terminal's Ctrl-C is the pool's alone
  auto child = io::spawn(spawn);
  if (!child) return Unexpected{child.error()};
  return ChildProcess(std::move(*child), std::move(control->write_end),
                      std::move(reports->read_end));
}

std::optional<State> ChildProcess::read_state() {
  std::optional<State> state;
  std::array<char, 4096> buffer;
  while (reports_) {
    const ssize_t count = read(reports_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) reports_.reset();
    if (count <= 0) break;
    partial_line_.append(buffer.data(), static_cast<size_t>(count));
    read_lines(state);
  }
  return state;
}

void ChildProcess::read_lines(std::optional<State>& state) {
  size_t start = 0;
  for (size_t end = 0; (end = partial_line_.find('\n', start)) != std::string::npos;
       start = end + 1) {
    const std::string line = partial_line_.substr(start, end - start);
    if (line.starts_with(kBroken))
      trouble_ = line.substr(kBroken.size());
    else if (const std::optional<State> told = parse_state(line))
      state = told;
  }
  partial_line_.erase(0, start);
}

bool ChildProcess::has_ended() const {
  pollfd polled{child_.pidfd.get(), POLLIN, 0};
  return poll(&polled, 1, 0) > 0;
}

std::string ChildProcess::reap() {
  const int exit_code = io::reap(child_);
  if (!trouble_.empty()) return trouble_;
  if (exit_code <= 128) return "exit code " + std::to_string(exit_code);
  const char* name = sigdescr_np(exit_code - 128);
  return "signal " + std::to_string(exit_code - 128) +
         (name != nullptr ? " (" + std::string(name) + ")" : "");
}

void ChildProcess::drain() { tell(kControlDrain); }
void ChildProcess::leave() { tell(kControlLeave); }

void ChildProcess::tell(char word) {
  // It fails only when the worker is dead, which its pidfd says too.
  if (control_ && write(control_.get(), &word, 1) < 0) control_.reset();
}

}  // namespace seaworthy::worker::pool
