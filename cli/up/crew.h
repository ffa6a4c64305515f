// Crew is all programs that `seaworthy up` runs: who ends is started again, and at the end they are
// stopped in order: the reporter; the watcher, so that nothing new comes; the workers, which finish
// their jobs; the broker, which records what they report. Says what happened as lines; the loop
// prints them.
#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/up/part.h"

namespace seaworthy::cli {

// In the order in which they are stopped.
enum class Role : uint8_t { Reporter, Watcher, Worker, Broker };

struct Tended {
  std::vector<std::string> lines;
  std::optional<std::string> fatal;  // a part that cannot start at all: why, in its own words
  bool broker_started = false;
};

class Crew {
 public:
  // Starts it; the error is that it could not even be spawned.
  Result<Done> add(Role role, Part part, Instant now, int extra_fd = -1);
  Part* find(Role role);

  void watch(std::vector<zmq::pollitem_t>& items) const;
  std::optional<Instant> next_deadline() const;
  // Reaps who ended, starts who is due, goes on with stopping.
  Tended tend(Instant now);

  // The first call begins to stop, the second tells workers again, the third kills. Returns what
  // people should know.
  std::string stop(Instant now);
  bool stopping() const { return stage_.has_value(); }
  bool all_gone() const;
  // Complaints in the logs since the last call, with the part's name.
  std::vector<std::string> complaints();

 private:
  struct Member {
    Role role;
    Part part;
  };

  void tend(Member& member, Instant now, Tended& tended);
  void go_on_stopping(Instant now);
  void enter(Role stage, Instant now);
  bool is_told_to_stop(const Member& member) const { return stage_ && member.role <= *stage_; }
  bool any_running(Role role) const;

  std::vector<Member> members_;
  std::optional<Role> stage_;  // whose turn it is to stop
  std::optional<Instant> kill_at_;
  unsigned stop_requests_ = 0;
};

}  // namespace seaworthy::cli
