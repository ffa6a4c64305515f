#include "broker/core/roster.h"

#include <utility>

namespace seaworthy::broker {

Session& Roster::enter(Session session, const LabelSets& sets) {
  leave(session.peer);
  if (Session* earlier = find(session.worker)) leave(earlier->peer);
  by_worker_[session.worker] = session.peer;
  by_heard_.insert({session.heard, session.peer});
  Session& entered = sessions_[session.peer] = std::move(session);
  for (uint32_t id = 0; id < sets.size(); ++id)
    if (has_all(entered.labels, sets.labels({id}))) fit(entered, {id});
  return entered;
}

void Roster::leave(PeerNumber peer) {
  auto found = sessions_.find(peer);
  if (found == sessions_.end()) return;
  set_slots(found->second, 0);
  for (LabelSetId id : found->second.fits) --fitting_[id.value].sessions;
  by_heard_.erase({found->second.heard, peer});
  by_worker_.erase(found->second.worker);
  sessions_.erase(found);
}

void Roster::learn(LabelSetId id, const Labels& labels) {
  if (id.value < fitting_.size()) fitting_[id.value] = {};
  for (auto& [peer, session] : sessions_) {
    std::erase(session.fits, id);
    if (has_all(session.labels, labels)) fit(session, id);
  }
}

void Roster::fit(Session& session, LabelSetId id) {
  if (id.value >= fitting_.size()) fitting_.resize(id.value + 1);
  session.fits.push_back(id);
  Fitting& fitting = fitting_[id.value];
  ++fitting.sessions;
  if (auto since = idle_since_.find(session.peer); since != idle_since_.end())
    fitting.idle.insert({session.labels.size(), since->second, session.peer});
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
    for (LabelSetId id : session.fits)
      fitting_[id.value].idle.insert({session.labels.size(), next_turn_, session.peer});
    idle_since_[session.peer] = next_turn_++;
  } else if (slots == 0 && since != idle_since_.end()) {
    for (LabelSetId id : session.fits)
      fitting_[id.value].idle.erase({session.labels.size(), since->second, session.peer});
    idle_since_.erase(since);
  }
}

bool Roster::has_idle(LabelSetId id) const {
  return id.value < fitting_.size() && !fitting_[id.value].idle.empty();
}

Session* Roster::idle(LabelSetId id) {
  return has_idle(id) ? find(fitting_[id.value].idle.begin()->peer) : nullptr;
}

size_t Roster::fitting(LabelSetId id) const {
  return id.value < fitting_.size() ? fitting_[id.value].sessions : 0;
}

std::optional<Instant> Roster::next_deadline(Duration silence) const {
  return by_heard_.empty() ? std::nullopt : std::optional(by_heard_.begin()->first + silence);
}

std::optional<PeerNumber> Roster::silent_since(Instant limit) const {
  if (by_heard_.empty() || by_heard_.begin()->first > limit) return std::nullopt;
  return by_heard_.begin()->second;
}

}  // namespace seaworthy::broker
