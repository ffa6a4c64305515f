#include "worker/pool/child.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace seaworthy::worker::pool {
namespace {

// What this worker starts must not keep the pool's pipes open, nor read from them.
io::Fd take_over(int fd) {
  io::Fd own(fcntl(fd, F_DUPFD_CLOEXEC, kReportFd + 1));
  if (!own) return own;
  fcntl(own.get(), F_SETFL, fcntl(own.get(), F_GETFL) | O_NONBLOCK);
  const io::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (nothing) dup3(nothing.get(), fd, fd == kControlFd ? 0 : O_CLOEXEC);
  return own;
}

}  // namespace

std::string_view to_word(State state) {
  switch (state) {
    case State::Offline: return "offline";
    case State::Idle: return "idle";
    case State::Busy: return "busy";
  }
  return "offline";
}

std::optional<State> parse_state(std::string_view word) {
  for (const State state : {State::Offline, State::Idle, State::Busy})
    if (to_word(state) == word) return state;
  return std::nullopt;
}

Link Link::to_pool() {
  Link link;
  link.control_ = take_over(kControlFd);
  link.report_ = take_over(kReportFd);
  return link;
}

std::optional<Wish> Link::next_wish() {
  if (!control_) return std::nullopt;
  char word = 0;
  const ssize_t count = read(control_.get(), &word, 1);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count == 1) return word == kControlLeave ? Wish::Leave : Wish::Drain;
  control_.reset();
  return Wish::PoolIsGone;
}

void Link::tell(State state) {
  if (!report_ || told_ == state) return;
  if (write_line(std::string(to_word(state)))) told_ = state;
}

bool Link::tell_broken(const std::string& why) {
  std::string line = std::string(kBroken) + why.substr(0, 1'000);
  std::ranges::replace(line, '\n', ' ');
  return report_ && write_line(std::move(line));
}

// Lines are short, so that a pipe takes them whole or not at all.
bool Link::write_line(std::string line) {
  line += '\n';
  return write(report_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace seaworthy::worker::pool
