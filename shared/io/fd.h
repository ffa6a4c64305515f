// Fd owns a file descriptor and closes it. Errors of the system as text in one form: attempt,
// object, cause.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

namespace seaworthy::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// "cannot open /x/y: No such file or directory". Reads errno.
std::string errno_text(const std::string& attempted);

}  // namespace seaworthy::io
