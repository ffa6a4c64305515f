// Core decides: which builds exist, which worker gets which job, what an outcome means, when
// something is lost. Pure: no clock, file, socket, thread or randomness; the same events give the
// same effects. The shell (loop.h) feeds it events with the time they happened, makes
// Effects::changes durable, and only then sends Effects::messages. Every event in every state is
// acted on, answered with an Error, or ignored with a reason. Bounded by model/limits.h. Its parts:
// ledger.h (what is durable), queue.h, leases.h, roster.h, unmatched.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/core/effects.h"
#include "broker/core/event.h"
#include "broker/core/held_back.h"
#include "broker/core/leases.h"
#include "broker/core/ledger.h"
#include "broker/core/output_credit.h"
#include "broker/core/roster.h"
#include "broker/core/unmatched.h"

namespace seaworthy::broker {

struct CoreOptions {
  Timing timing;
  uint64_t output_credit = 0;     // bytes, of an attempt, at most
  Duration unmatched_timeout{0};  // for a job that no worker could run; 0: it waits for ever
};

class Core {
 public:
  // Every lease in `recovered` holds for a re-attach window from `start` on.
  Core(const CoreOptions& options, Recovered recovered, Instant start);

  Effects step(Moment moment, const Event& event);
  // When step() must be called with a Tick at the latest.
  std::optional<Instant> next_deadline() const;

  // One sentence for a person; empty for a job that does not wait.
  std::string why_waiting(JobId job) const;
  // Ready jobs that a worker with these labels could run, if it were idle.
  uint64_t demand(const Labels& worker) const;
  // How much there is of what now.
  void measure(Instant now, wire::Metrics& metrics) const;
  const Ledger& ledger() const { return ledger_; }
  const Roster& roster() const { return roster_; }
  Epoch epoch() const { return epoch_; }

 private:
  // Of a list's row: its numbers, its keys and its short texts.
  static constexpr size_t kRowBytes = 256;

  struct Push {
    std::string ref;
    std::string tip;
    uint64_t number = 0;
  };

  // core.cc
  void on(const MessageReceived& event);
  void on(const PeerUnreachable& event);
  void on(const Tick& event);
  void on(const SpaceChanged& event);
  void on(const BuildsExpired& event);
  void expire_leases();
  void expire_sessions();

  // core_queue.cc: who gets what, and why not
  void on_message(const wire::QueueStatus& m);
  void dispatch();
  std::optional<LabelSetId> next_to_hand_out() const;
  void assign(Session& session, JobId job);
  void release_held_back();
  void follow_ledger();
  void give_up_unmatched();
  std::string why_unmatched(const Labels& labels) const;
  std::string why_no_worker(const Job& job) const;
  std::string why_behind(JobId id, const Job& job) const;
  void list_waiting(size_t limit, size_t bytes, wire::QueueStatusOk& ok) const;
  void list_unmatched(size_t limit, wire::QueueStatusOk& ok) const;
  void list_paused(wire::QueueStatusOk& ok) const;
  static const char* no_space();

  // core_workers.cc: what workers say
  void on_message(const wire::Hello& m);
  void on_message(const wire::Ready& m);
  void on_message(const wire::Accept& m);
  void on_message(const wire::Decline& m);
  void on_message(const wire::Heartbeat& m);
  void on_message(const wire::Output& m);
  void on_message(const wire::AttemptFinished& m);
  void on_message(const wire::Goodbye& m);
  static std::string why_drained(const std::string& worker);
  Session* session_of(BootId boot);
  bool holds(const Session& session, const Job& job, AttemptNumber attempt) const;
  bool may_adopt(const Session& session, const Job& job, AttemptNumber attempt,
                 bool finished) const;
  void settle_lease_at_hello(const Session& session, JobId id, const wire::Hello& hello);
  void renew(JobId job);
  void refuse_attempt(const Session& session, AttemptKey key);
  void acknowledge_output(BootId boot, AttemptKey key, const Job& job);
  void record_outcome(JobId id, const wire::AttemptFinished& report);

  // core_clients.cc: what clients ask
  void on_message(const wire::Submit& m);
  void on_message(const wire::AdvanceHead& m);
  void on_message(const wire::SaveCursor& m);
  void on_message(const wire::FetchCursor& m);
  void on_message(const wire::Cancel& m);
  void on_message(const wire::ListWorkers& m);
  void on_message(const wire::DrainWorker& m);
  void on_message(const wire::PauseRepository& m);
  const char* state_of(const Session& session, Instant now) const;
  void submit_revision(const wire::Submit& submit, const wire::Candidate& candidate,
                       wire::SubmittedBuild& result);
  void cancel_job(JobId id, const std::string& reason);
  void make_way_in_group(BuildId id);
  void cancel_build(BuildId id, const std::string& reason);
  std::string asks_for_too_many_labels(const wire::Submit& submit) const;
  uint64_t push_number(const wire::Submit& submit);
  std::optional<uint64_t> rank_of_tip(const wire::Submit& submit) const;

  // Everything else is an answer, or the shell's: not for the core.
  template <class Other>
  void on_message(const Other&) {
    answer(wire::Error{wire::ErrorCode::BadMessage, "the broker does not take this message", false,
                       0});
  }

  // core_jobs.cc: the life of a job
  void lose(JobId id, const std::string& reason);
  void give_back(JobId id, const std::string& reason);
  void requeue_or_cancel(JobId id);
  void hold_back(JobId id, uint32_t failures);
  void finish(JobId id, Verdict verdict, AttemptNumber attempt, const std::string& note);
  void skip_dependents(JobId id);

  // What is decided is applied at once and listed for the store.
  void decide(ChangeBody body);
  void answer(wire::Message message);
  void tell(PeerNumber peer, wire::Message message);

  CoreOptions options_;
  Epoch epoch_;
  Ledger ledger_;
  Leases leases_;
  HeldBack held_back_;
  Unmatched unmatched_;
  Roster roster_;
  std::map<std::string, Push> pushes_;  // the last one of each repository
  uint64_t last_push_ = 0;
  uint64_t last_session_ = 0;
  bool has_space_ = true;
  OutputCredit output_credit_;
  std::map<BuildId, Instant> asked_for_;  // finished builds that a Submit was just answered with

  // Of the step under way.
  Moment moment_;
  PeerNumber peer_ = 0;
  uint64_t tag_ = 0;
  uint64_t blob_bytes_ = 0;
  Effects effects_;
};

}  // namespace seaworthy::broker
