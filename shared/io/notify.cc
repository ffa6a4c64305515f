#include "shared/io/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace seaworthy::io {
namespace {

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value != nullptr ? value : "";
  unsetenv(name);
  return text;
}

// 0 if it is no number.
int64_t number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

Supervisor Supervisor::of_this_process() {
  Supervisor supervisor;
  supervisor.address_ = take_from_environment("NOTIFY_SOCKET");
  const int64_t microseconds = number(take_from_environment("WATCHDOG_USEC"));
  const std::string watched = take_from_environment("WATCHDOG_PID");
  std::string& address = supervisor.address_;
  if ((!address.starts_with('/') && !address.starts_with('@')) ||
      address.size() >= sizeof(sockaddr_un::sun_path))
    return supervisor;
  if (address.front() == '@') address.front() = '\0';
  supervisor.socket_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (microseconds > 0 && (watched.empty() || number(watched) == getpid()))
    supervisor.every_ = std::max(Duration{microseconds / 2'000}, Duration{1});
  return supervisor;
}

void Supervisor::ready() {
  if (!std::exchange(said_ready_, true)) say("READY=1");
}

void Supervisor::stopping() {
  if (!std::exchange(said_stopping_, true)) say("STOPPING=1");
}

void Supervisor::alive(Instant now) {
  if (every_ == Duration{0} || now < next_) return;
  next_ = now + every_;
  say("WATCHDOG=1");
}

std::optional<Instant> Supervisor::next_deadline() const {
  return every_ == Duration{0} ? std::nullopt : std::optional(next_);
}

void Supervisor::say(std::string_view words) {
  if (!socket_) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  (void)sendto(socket_.get(), words.data(), words.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace seaworthy::io
