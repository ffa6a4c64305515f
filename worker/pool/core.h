// Core decides how many workers a pool runs: it starts some when jobs wait that nobody will take,
// stops those that were not needed for a while, and never stops one that has a job. Pure: no clock,
// I/O, randomness or log. One thread. A worker here is a slot from 1 to the most there may be; the
// loop (pool.h) makes a process of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/time.h"

namespace seaworthy::worker::pool {

using Slot = uint32_t;

// As its process says. Offline: no broker has welcomed it, or not again. Busy: it runs a job, or
// has an outcome that no broker has recorded.
enum class State : uint8_t { Offline, Idle, Busy };

struct Settings {
  size_t least = 0;    // workers, whatever waits
  size_t most = 1;     // processes, those that are being stopped included
  Duration idle{0};    // a worker more than was needed for this long is stopped
  std::string wanted;  // " for [linux]": whose jobs, for people; may be empty
};

// What happens.
struct Tick {};
// The broker says how many jobs wait for workers like these.
struct DemandTold {
  uint64_t waiting = 0;
};
// No broker says anything: what there is stays.
struct DemandUnknown {};
struct WorkerSaid {
  Slot slot = 0;
  State state = State::Offline;
};
struct WorkerEnded {
  Slot slot = 0;
  std::string how;
};
// Its process could not even be started.
struct StartFailed {
  Slot slot = 0;
  std::string why;
};
struct DrainRequested {};
struct LeaveRequested {};
using Event = std::variant<Tick, DemandTold, DemandUnknown, WorkerSaid, WorkerEnded, StartFailed,
                           DrainRequested, LeaveRequested>;

// What is to be done, in this order.
struct Start {
  Slot slot = 0;
};
// It finishes its job, if it has one, and ends; it answers with WorkerEnded.
struct Drain {
  Slot slot = 0;
};
// It gives its job back and ends.
struct Leave {
  Slot slot = 0;
};
struct Say {
  enum class Severity : uint8_t { Info, Warning, Debug };
  Severity severity = Severity::Info;
  std::string text;
};
struct Exit {};
using Effect = std::variant<Start, Drain, Leave, Say, Exit>;
using Effects = std::vector<Effect>;

// Chosen: a worker that ends sooner was never well.
inline constexpr Duration kEndsSoon{5'000};
inline constexpr Duration kRetryFirst{1'000};  // doubled
inline constexpr Duration kRetryLongest{60'000};
// Chosen: a worker's word that it has a job overtakes the broker's that there is one less.
inline constexpr Duration kOvertakes{300};

class Core {
 public:
  explicit Core(Settings settings) : settings_(std::move(settings)) {}

  Effects step(Instant now, const Event& event);
  // When step(Tick) must be called at the latest.
  std::optional<Instant> next_deadline() const;

 private:
  struct Worker {
    State state = State::Offline;
    Instant started;
    Instant since;  // it is in this state
    bool stopping = false;
  };

  void on(const Tick&) {}
  void on(const DemandTold& event);
  void on(const DemandUnknown&) { waiting_.reset(); }
  void on(const WorkerSaid& event);
  void on(const WorkerEnded& event);
  void on(const StartFailed& event);
  void on(const DrainRequested&);
  void on(const LeaveRequested&);

  void see_that_starts_work();
  void grow();
  void shrink();
  void exit_when_empty();
  void start_failed(Slot slot, Instant started, const std::string& why);

  size_t staying() const;
  size_t idle() const;
  size_t will_take_jobs() const;
  bool may_have_taken_one(const Worker& worker) const;
  size_t starts_allowed() const;
  const Worker* on_trial() const;
  Slot free_slot() const;
  Slot last_to_become_idle() const;
  void say(std::string text, Say::Severity severity = Say::Severity::Info);

  Settings settings_;
  Effects effects_;
  Instant now_;
  std::map<Slot, Worker> workers_;
  std::optional<uint64_t> waiting_;
  Instant told_at_;
  std::deque<Instant> spare_since_;  // the nth: at least n have been idle since then

  uint32_t failures_ = 0;  // rounds of starts in a row
  Instant failed_at_;
  Instant retry_at_;
  std::string failure_;  // as it was last said
  std::map<Slot, Instant> failed_slots_;

  bool draining_ = false;
  bool leaving_ = false;
  bool exited_ = false;
};

}  // namespace seaworthy::worker::pool
