// Notices remembers the last "look at this repository" words, so that a watcher that was busy when
// one came still gets it with its next AwaitNotice. Not durable: a lost notice costs a poll
// interval.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "shared/wire/message.h"

namespace seaworthy::broker {

class Notices {
 public:
  void add(const std::string& repository) {
    recent_.push_back({++serial_, repository});
    if (recent_.size() > kRemembered) recent_.pop_front();
  }

  // What came after the serial that the watcher saw last. A serial of another broker's life, or one
  // that is too far back, means that something may have been missed: `all`.
  wire::Notice since(uint64_t after) const {
    wire::Notice notice{serial_, false, {}};
    if (after == 0) return notice;
    const uint64_t oldest = recent_.empty() ? serial_ + 1 : recent_.front().serial;
    notice.all = after > serial_ || after + 1 < oldest;
    for (const Entry& entry : recent_)
      if (entry.serial > after && !notice.all) notice.repositories.push_back(entry.repository);
    return notice;
  }

  bool has_news(uint64_t after) const { return after != serial_; }

 private:
  static constexpr size_t kRemembered = 256;
  struct Entry {
    uint64_t serial = 0;
    std::string repository;
  };
  std::deque<Entry> recent_;
  uint64_t serial_ = 1;
};

}  // namespace seaworthy::broker
