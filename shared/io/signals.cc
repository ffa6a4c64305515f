#include "shared/io/signals.h"

#include <sys/signalfd.h>

#include <system_error>

namespace seaworthy::io {

Fd block_signals(std::initializer_list<int> signals) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd)
    throw std::system_error(errno, std::generic_category(), "cannot make a signal descriptor");
  return fd;
}

std::optional<int> next_signal(const Fd& signals) {
  signalfd_siginfo info{};
  if (read(signals.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace seaworthy::io
