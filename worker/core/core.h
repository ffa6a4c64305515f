// Core decides what a worker does: offline until a broker welcomes it, idle until it is given a
// job, running until that has ended, reporting until the broker has recorded the outcome (a new job
// may start meanwhile). Pure: no clock, I/O, randomness or log; random choices follow from a seed.
// One thread. It holds at most one running attempt; the rest are outcomes that wait to be recorded.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/limits.h"
#include "shared/model/timing.h"
#include "worker/core/delivery.h"
#include "worker/core/effects.h"
#include "worker/core/event.h"
#include "worker/core/health.h"

namespace seaworthy::worker {

struct Settings {
  std::string worker;  // stable name
  BootId boot;         // random, of this process
  std::string host;
  uint32_t pid = 0;
  std::string version;
  std::vector<std::string> labels;
  uint64_t seed = 0;                   // of all jitter
  uint64_t least_free_disk_bytes = 0;  // with less, no new jobs
  Duration drain_timeout{0};           // a drain that lasts longer becomes a leave; 0: never
};

enum class Phase : uint8_t { Offline, Idle, Running, Reporting };

// What was received and not acted on, for the log and for tests.
struct Ignored {
  uint64_t other_boot = 0;
  uint64_t older_epoch = 0;
  uint64_t unknown_attempt = 0;
  uint64_t impossible_offset = 0;
  uint64_t duplicate_assign = 0;
  uint64_t not_for_workers = 0;
};

class Core {
 public:
  explicit Core(Settings settings);

  Effects step(Moment moment, const Event& event);
  // When step(Tick) must be called at the latest.
  std::optional<Instant> next_deadline() const;

  Phase phase() const;
  // Running ones, and outcomes that no broker has recorded.
  bool holds_attempts() const { return !held_.empty(); }
  const BootId& boot() const { return settings_.boot; }
  const Ignored& ignored() const { return ignored_; }

 private:
  enum class Stage : uint8_t { Running, Cancelling, Killed, Ended };
  struct Held {
    Stage stage = Stage::Running;
    Delivery delivery;
  };
  using HeldMap = std::map<AttemptKey, Held>;

  // One function per event.
  void on(const Tick&) {}
  void on(const Received& event);
  void on(const Writable&);
  void on(const Measured& event);
  void on(const OutputGrew& event);
  void on(const AttemptEnded& event);
  void on(const AttemptGone& event);
  void on(const Recovered& event);
  void on(const DrainRequested&);
  void on(const LeaveRequested&);

  // One function per message; those that carry boot and epoch are checked before.
  void hear(const wire::Welcome& message);
  void hear(const wire::Assign& message);
  void hear(const wire::HeartbeatOk& message);
  void hear(const wire::CancelAttempt& message);
  void hear(const wire::OutputOk& message);
  void hear(const wire::Recorded& message);
  void hear_error(const wire::Error& message);
  template <class M>
  bool is_for_us(const M& message);

  // What time makes due, after every event.
  void act_on_deadlines();
  void keep_conversation();
  void keep_leaving();
  void say_hello();
  void lose_conversation(const std::string& why);
  void reconnect();
  void look_after_health();
  void offer_slot();
  void end_politely(AttemptKey key);
  void revoke(AttemptKey key, const std::string& why);
  void leave(const std::string& why);

  std::optional<std::string> reason_to_decline() const;
  bool is_free() const;
  bool calls_in_sick() const;
  bool has_process() const;
  bool has_unrecorded() const;
  bool was_seen(AttemptKey key) const;
  void remember(AttemptKey key);
  std::vector<wire::HeldAttempt> held() const;
  Duration jittered(Duration duration);
  void say(std::string text, Say::Severity severity = Say::Severity::Info);
  template <class M>
  void send(M message);

  Settings settings_;
  Effects effects_;
  Moment moment_;
  Timing timing_;
  uint64_t credit_bytes_ = limits::kOutputCreditBytes;
  Epoch epoch_;
  HeldMap held_;
  std::deque<AttemptKey> remembered_;
  Measured measured_{0, UINT64_MAX};
  Ignored ignored_;

  bool welcomed_ = false;
  Instant last_heard_;
  uint64_t hellos_ = 0;  // said so far
  Instant hello_at_;
  std::optional<Instant> reconnect_at_;  // while offline
  Duration reconnect_every_{0};          // before jitter
  Instant heartbeat_at_;
  Instant ready_at_;
  Health health_;
  std::string complaint_;  // as it was last said; empty: the host is well

  std::optional<Instant> drain_deadline_;
  std::optional<Instant> last_word_until_;
  std::optional<Instant> leave_at_latest_;
  bool draining_ = false;
  bool leaving_ = false;
  bool exited_ = false;
};

// "17.2": job and attempt, as people read them.
std::string to_text(AttemptKey key);

}  // namespace seaworthy::worker
