// OpenQuestions counts, by peer and by user, what was asked and is not answered yet, long polls
// included, so that nobody's questions stand before everyone else's in an endless row.
#pragma once

#include <map>
#include <string>

#include "broker/core/event.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

class OpenQuestions {
 public:
  // False: the peer or its user has as many as it may, or all together have. `user`: the key it
  // came with; empty where there are no keys, and nobody can be told from another.
  bool admit(PeerNumber peer, const std::string& user) {
    if (total_ >= limits::kParkedRequests) return false;
    const auto asked = by_peer_.find(peer);
    if (asked != by_peer_.end() && asked->second.count >= limits::kQuestionsPerPeer) return false;
    if (!user.empty()) {
      size_t& of_user = by_user_[user];
      if (of_user >= limits::kQuestionsPerUser) return false;
      ++of_user;
    }
    ++total_;
    by_peer_.try_emplace(peer, Asked{0, user}).first->second.count++;
    return true;
  }
  void answered(PeerNumber peer) {
    const auto asked = by_peer_.find(peer);
    if (asked == by_peer_.end()) return;
    --total_;
    const auto of_user = by_user_.find(asked->second.user);
    if (of_user != by_user_.end() && --of_user->second == 0) by_user_.erase(of_user);
    if (--asked->second.count == 0) by_peer_.erase(asked);
  }
  size_t size() const { return total_; }

 private:
  struct Asked {
    size_t count = 0;
    std::string user;  // of its first one; a connection keeps its key
  };
  std::map<PeerNumber, Asked> by_peer_;  // none is 0
  std::map<std::string, size_t> by_user_;
  size_t total_ = 0;
};

}  // namespace seaworthy::broker
