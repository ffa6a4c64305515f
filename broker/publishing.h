// Publishing is the thread that publishes events to whoever subscribed. It is one of its own
// because libzmq takes in what subscribers send while it publishes, for as long as they send: a
// hostile one would hold up the poll thread. Events are only to wake people up; when it falls
// behind, they are dropped, and followers ask for what they missed.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "broker/handoff.h"
#include "shared/io/socket.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

class Publishing {
 public:
  // Takes the bound socket over.
  explicit Publishing(io::Publisher publisher);
  // Whatever is not published by then is dropped.
  ~Publishing();

  void submit(const std::vector<wire::EventRow>& events);
  const std::string& endpoint() const { return endpoint_; }

 private:
  static constexpr size_t kMostBehind = 20;  // lists of events
  void run();

  io::Publisher publisher_;  // the thread's own
  std::string endpoint_;
  Handoff<std::vector<wire::EventRow>> submitted_;
  std::atomic<size_t> behind_ = 0;
  std::thread thread_;
};

}  // namespace seaworthy::broker
