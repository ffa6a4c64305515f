#include "broker/core/roster.h"

#include <utility>

namespace seaworthy::broker {

Session& Roster::enter(Session session) {
  leave(session.peer);
  if (Session* earlier = find(session.worker)) leave(earlier->peer);
  by_worker_[session.worker] = session.peer;
  by_heard_.insert({session.heard, session.peer});
  return sessions_[session.peer] = std::move(session);
}

void Roster::leave(PeerNumber peer) {
  auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  set_slots(found->second, 0);
  by_heard_.erase({found->second.heard, peer});
  by_worker_.erase(found->second.worker);
  sessions_.erase(found);
}

Session* Roster::find(PeerNumber peer) {
  auto found = sessions_.find(peer);
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* Roster::find(const std::string& worker) {
  auto found = by_worker_.find(worker);
  return found == by_worker_.end() ? nullptr : find(found->second);
}

const Session* Roster::find(const std::string& worker) const {
  auto found = by_worker_.find(worker);
  return found == by_worker_.end() ? nullptr : &sessions_.at(found->second);
}

void Roster::heard_from(Session& session, Moment moment) {
  by_heard_.erase({session.heard, session.peer});
  session.heard = moment.now;
  session.heard_wall = moment.wall;
  by_heard_.insert({session.heard, session.peer});
}

void Roster::set_slots(Session& session, uint32_t slots) {
  session.slots = slots;
  auto since = idle_since_.find(session.peer);
  if (slots > 0 && since == idle_since_.end()) {
    idle_since_[session.peer] = next_turn_;
    idle_.insert({next_turn_++, session.peer});
  } else if (slots == 0 && since != idle_since_.end()) {
    idle_.erase({since->second, session.peer});
    idle_since_.erase(since);
  }
}

Session* Roster::idle() { return idle_.empty() ? nullptr : find(idle_.begin()->second); }

std::optional<Instant> Roster::next_deadline(Duration silence) const {
  return by_heard_.empty() ? std::nullopt : std::optional(by_heard_.begin()->first + silence);
}

std::optional<PeerNumber> Roster::silent_since(Instant limit) const {
  if (by_heard_.empty() || by_heard_.begin()->first > limit) return std::nullopt;
  return by_heard_.begin()->second;
}

}  // namespace seaworthy::broker
