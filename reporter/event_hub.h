// EventHub passes the broker's events on to the pages that are open. It remembers the newest ones,
// so that a page whose connection broke gets what it missed; one that missed more is told to look
// at everything. What is passed on are numbers and words of ours: no foreign text. The server's
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "reporter/follower.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

class EventHub {
 public:
  // `after`: the last event that the page knows of; none: those from now on.
  void add(std::shared_ptr<http::Stream> stream, std::optional<EventSequence> after);
  void take(const Follower::News& news);

  // Open pages connect again, and are let in or not.
  void end_all();

  EventSequence last() const { return last_; }
  bool is_away() const { return is_away_; }
  size_t pages() const { return streams_.size(); }

 private:
  struct Remembered {
    EventSequence sequence;
    std::shared_ptr<const std::string> text;
  };
  void send_all(const std::shared_ptr<const std::string>& text);

  std::deque<Remembered> remembered_;
  std::map<uint64_t, std::shared_ptr<http::Stream>> streams_;
  uint64_t next_stream_ = 1;
  EventSequence last_;
  bool is_away_ = false;
};

}  // namespace seaworthy::reporter
