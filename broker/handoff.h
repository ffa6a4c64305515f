// Handoff passes values from one thread to another, with a descriptor to poll. The only way between
// the broker's threads. (libzmq's inproc would do, but ThreadSanitizer cannot see through it.)
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "shared/io/fd.h"

namespace seaworthy::broker {

template <class T>
class Handoff {
 public:
  Handoff() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  void push(T value) {
    {
      std::lock_guard lock(mutex_);
      values_.push_back(std::move(value));
      if (values_.size() > 1) return;  // whoever takes the one before takes this one too
    }
    arrived_.notify_one();
    const uint64_t one = 1;
    (void)!write(fd_.get(), &one, sizeof one);
  }
  // No more will come: take() returns what is left, then nothing.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }
  // All that is there; waits until there is something or it is closed. Empty: closed.
  std::vector<T> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return closed_ || !values_.empty(); });
    return std::exchange(values_, {});
  }
  // All that is there, without waiting. Clears the descriptor.
  std::vector<T> take_now() {
    uint64_t count = 0;
    (void)!read(fd_.get(), &count, sizeof count);
    std::lock_guard lock(mutex_);
    return std::exchange(values_, {});
  }
  // Readable when take_now() has something to give.
  int fd() const { return fd_.get(); }

 private:
  io::Fd fd_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> values_;
  bool closed_ = false;
};

}  // namespace seaworthy::broker
