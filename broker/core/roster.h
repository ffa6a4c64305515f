// Roster knows the workers' sessions: who speaks from which peer, who has a free slot, who has
// fallen silent. A worker is known by its name; one name has one session, and the newest Hello
// wins. For each set of labels that jobs ask for it knows who has them, and who of these is idle.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/core/event.h"
#include "broker/core/label_sets.h"
#include "shared/base/ids.h"
#include "shared/base/time.h"

namespace seaworthy::broker {

struct Session {
  SessionId id;
  PeerNumber peer = 0;
  std::string worker;
  BootId boot;
  std::string host;
  uint32_t pid = 0;
  std::string version;
  Labels labels;
  uint32_t slots = 0;  // jobs it takes now
  Instant heard;
  UnixMillis heard_wall;
  uint64_t hellos = 0;                   // of this boot, as it counts them
  std::string reason = {};               // why it takes no jobs, in its own words; set_reason()
  std::optional<Instant> declined = {};  // a job, the last time
  std::vector<LabelSetId> fits = {};     // what it has all labels of; kept by the roster
};

class Roster {
 public:
  // Replaces the worker's earlier session, if there is one.
  Session& enter(Session session, const LabelSets& sets);
  void leave(PeerNumber peer);

  Session* find(PeerNumber peer);
  Session* find(const std::string& worker);
  const Session* find(const std::string& worker) const;

  void heard_from(Session& session, Moment moment);
  void set_slots(Session& session, uint32_t slots);
  void set_reason(Session& session, std::string reason);
  // By name, connected or not: it stays drained when it comes back.
  void drain(const std::string& worker) { drained_.insert(worker); }
  void end_draining(const std::string& worker) { drained_.erase(worker); }
  bool is_drained(const std::string& worker) const { return drained_.contains(worker); }
  size_t drained() const { return drained_.size(); }
  // This number means these labels from now on.
  void learn(LabelSetId id, const Labels& labels);
  bool has_idle() const { return !idle_since_.empty(); }
  bool has_idle(LabelSetId id) const;
  // The worker with these labels and a free slot that has the fewest labels, so that special ones
  // stay free; among equals the one that has waited longest.
  Session* idle(LabelSetId id);
  // Workers that have these labels.
  size_t fitting(LabelSetId id) const;
  // Those of them that have no reason to take no jobs.
  size_t well(LabelSetId id) const;

  // When the session heard of longest ago counts as left.
  std::optional<Instant> next_deadline(Duration silence) const;
  std::optional<PeerNumber> silent_since(Instant limit) const;

  size_t size() const { return sessions_.size(); }
  // By worker name.
  const std::map<std::string, PeerNumber>& by_worker() const { return by_worker_; }
  const Session& at(PeerNumber peer) const { return sessions_.at(peer); }

 private:
  std::map<PeerNumber, Session> sessions_;
  std::map<std::string, PeerNumber> by_worker_;
  std::set<std::pair<Instant, PeerNumber>> by_heard_;
  struct Idle {
    size_t labels = 0;
    uint64_t turn = 0;  // in the order in which they became free
    PeerNumber peer = 0;
    auto operator<=>(const Idle&) const = default;
  };
  struct Fitting {
    size_t sessions = 0;
    size_t well = 0;  // of them, without a reason
    std::set<Idle> idle;
  };
  void fit(Session& session, LabelSetId id);

  std::vector<Fitting> fitting_;  // by labels
  std::map<PeerNumber, uint64_t> idle_since_;
  std::set<std::string> drained_;
  uint64_t next_turn_ = 1;
};

}  // namespace seaworthy::broker
