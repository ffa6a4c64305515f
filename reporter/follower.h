// Follower asks the broker for events, one long poll after another, on a thread of its own, and
// posts what comes. It begins with the newest event: what was before, pages show when they are
// loaded. It says when the broker stops answering, and when it answers again.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "shared/io/client.h"
#include "shared/io/fd.h"

namespace seaworthy::reporter {

class Follower {
 public:
  struct News {
    std::vector<wire::EventRow> events;  // in order
    EventSequence last;                  // of all there are; 0 while the broker is away
    bool is_away = false;                // the broker does not answer
  };
  using Tell = std::function<void(News)>;  // called on the follower's thread: it posts

  Follower(zmq::context_t& context, io::ClientOptions options, Tell tell);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

 private:
  void run(zmq::context_t& context, io::ClientOptions options);

  Tell tell_;
  io::Fd interrupt_;
  std::thread thread_;
};

}  // namespace seaworthy::reporter
