// Event is a flag that one thread raises and others wait for with poll: an eventfd.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

#include "shared/base/time.h"
#include "shared/io/fd.h"

namespace seaworthy::watcher {

class Event {
 public:
  Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_) throw std::runtime_error(io::errno_text("cannot make an event descriptor"));
  }
  void raise() const {
    const uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof one);
  }
  void lower() const {
    uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof count);
  }
  bool is_raised() const {
    pollfd polled{fd_.get(), POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0;
  }
  int fd() const { return fd_.get(); }

 private:
  io::Fd fd_;
};

}  // namespace seaworthy::watcher
