// EventHub passes the broker's events on to the pages that are open: the first one at once, those
// that follow gathered for a moment, since a piece costs each page the same whatever is in it. It
// remembers the newest ones, so that a page whose connection broke gets what it missed; one that
// missed more is told to look at everything. What is passed on are numbers and words of ours: no
// foreign text. All pages share one copy. The server's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reporter/follower.h"
#include "shared/http/server.h"

namespace seaworthy::reporter {

class EventHub {
 public:
  // Calls once after so long; nothing is called when the hub has ended.
  using After = std::function<void(Duration, std::function<void()>)>;
  explicit EventHub(After after) : after_(std::move(after)) {}
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

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
  struct Page {
    std::shared_ptr<http::Stream> stream;
    EventSequence knows;  // the last event when it came
  };
  void catch_up(http::Stream& stream, EventSequence after) const;
  void end_pause();
  void pass_on();
  std::vector<Page> all_pages() const;
  void send_all(const std::shared_ptr<const std::string>& text);

  After after_;
  std::deque<Remembered> remembered_;
  std::map<uint64_t, Page> streams_;
  uint64_t next_stream_ = 1;
  EventSequence last_;
  EventSequence passed_on_;  // the last one that open pages were told of
  std::string gathered_;     // what they were not
  bool is_pausing_ = false;
  bool is_away_ = false;
};

}  // namespace seaworthy::reporter
