// Courier brings one target its news: follows the events from where its cursor at the broker
// stands, one message after the other, each until it has arrived or is given up, and then moves the
// cursor. So nothing is buffered, no target waits for another, and who ends in the middle goes on
// there: what was confirmed and not yet saved is brought once more. A thread of its own.
#pragma once

#include <zmq.hpp>

#include <memory>
#include <set>
#include <string>
#include <thread>

#include "reporter/news/core/plan.h"
#include "reporter/news/core/story.h"
#include "reporter/news/transport.h"
#include "shared/io/client.h"
#include "shared/io/fd.h"

namespace seaworthy::reporter::news {

class Courier {
 public:
  // `context`, `plan` outlive it. `pages`: for links, may be empty.
  Courier(zmq::context_t& context, io::ClientOptions options, const Plan& plan, size_t target,
          std::string pages);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // It ends within about a second; so that many can, together.
  void interrupt();

 private:
  using Followed = Result<Done, io::ClientError>;

  void run(zmq::context_t& context, io::ClientOptions options);
  Followed find_cursor(io::Client& client);
  Followed begin_with_newest(io::Client& client);
  Followed follow(io::Client& client);
  Followed take(io::Client& client, const wire::EventRow& event);
  Followed save(io::Client& client);
  void save_at_end(zmq::context_t& context, io::ClientOptions options);
  Tried try_once(io::Client& client, const wire::EventRow& event);
  Tried bring(Story story);
  bool is_settled(const wire::EventRow& event, const Tried& tried, uint32_t tries);
  // False: interrupted.
  bool pause(Duration length) const;

  const Plan& plan_;
  const size_t target_;
  const std::string name_;  // "news/chat": of its cursor, and in the log
  const std::string pages_;
  io::Fd interrupt_;
  Transport transport_;
  EventSequence seen_;             // all up to this one is dealt with
  EventSequence saved_;            // and the broker knows it
  std::set<std::string> refused_;  // recipients of the mail under way that the server never takes
  std::thread thread_;
};

}  // namespace seaworthy::reporter::news
