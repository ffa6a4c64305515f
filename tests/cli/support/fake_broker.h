// FakeBroker answers clients from a function, on a real socket in a thread of its own, so that the
// real `seaworthy` can be run against it. What it was asked can be looked at afterwards.
#pragma once

#include <zmq.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shared/io/fd.h"
#include "shared/wire/message.h"

namespace seaworthy::test {

// No answer: silence. The tag is filled in. Called in the broker's thread.
using Answering = std::function<std::optional<wire::Envelope>(const wire::Message&)>;

class FakeBroker {
 public:
  explicit FakeBroker(Answering answering);
  ~FakeBroker();
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  const std::string& endpoint() const { return endpoint_; }

  // Those of type T that came so far.
  template <class T>
  std::vector<T> asked() const {
    const std::lock_guard lock(mutex_);
    std::vector<T> found;
    for (const wire::Message& message : asked_)
      if (const T* wanted = std::get_if<T>(&message)) found.push_back(*wanted);
    return found;
  }

 private:
  void serve(std::string& endpoint, const io::Fd& serving);

  Answering answering_;
  zmq::context_t context_;
  io::Fd stop_;
  std::string endpoint_;
  mutable std::mutex mutex_;
  std::vector<wire::Message> asked_;
  std::thread thread_;
};

inline std::optional<wire::Envelope> answer(wire::Message message, std::string blob = "") {
  return wire::Envelope{std::move(message), 0, std::move(blob)};
}
std::optional<wire::Envelope> not_found(const std::string& what);

}  // namespace seaworthy::test
