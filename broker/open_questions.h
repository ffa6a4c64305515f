// OpenQuestions counts, by peer, what was asked and is not answered yet, long polls included, so
// that nobody's questions stand before everyone else's in an endless row.
#pragma once

#include <map>

#include "broker/core/event.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

class OpenQuestions {
 public:
  // False: the peer has as many as it may, or all together have.
  bool admit(PeerNumber peer) {
    if (total_ >= limits::kParkedRequests) return false;
    size_t& count = by_peer_[peer];
    if (count >= limits::kQuestionsPerPeer) return false;
    ++count;
    ++total_;
    return true;
  }
  void answered(PeerNumber peer) {
    auto found = by_peer_.find(peer);
    if (found == by_peer_.end()) return;
    --total_;
    if (--found->second == 0) by_peer_.erase(found);
  }
  size_t size() const { return total_; }

 private:
  std::map<PeerNumber, size_t> by_peer_;  // none is 0
  size_t total_ = 0;
};

}  // namespace seaworthy::broker
