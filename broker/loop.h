// Loop is the broker's poll thread: it owns the sockets, turns frames into events, steps the core,
// has the effects made durable, and sends what is. It waits for a disk that was quick the last
// time, and only when nothing else is under way; all else is the storage thread's to wait for.
//
//   receive -> decode -> step -> commit, here or by the storage thread -> send
//
// Questions about the past go to the reading thread. What waits for the disk is bounded
// (in_flight.h): output that finds no room is dropped, and its worker sends it again.
#pragma once

#include <deque>
#include <filesystem>
#include <string>

#include "broker/connections.h"
#include "broker/core/core.h"
#include "broker/core/counters.h"
#include "broker/doorkeeper.h"
#include "broker/in_flight.h"
#include "broker/keyring.h"
#include "broker/long_polls.h"
#include "broker/notices.h"
#include "broker/open_questions.h"
#include "broker/reading.h"
#include "broker/storage.h"
#include "broker/upkeep.h"
#include "shared/io/fd.h"
#include "shared/io/log.h"
#include "shared/io/notify.h"
#include "shared/io/socket.h"

namespace seaworthy::broker {

struct LoopOptions {
  std::string listen;
  std::optional<std::filesystem::path> keys;  // none: everybody is let in
  std::filesystem::path state;                // locked by the caller
  std::filesystem::path output;
  uint64_t least_free_bytes = 0;
  Keep keep;
  Timing timing;
  Duration unmatched_timeout{3'600'000};      // for a job that no worker could run
  size_t connections = limits::kConnections;  // at most
};

enum class Ended : uint8_t { Stopped, OutOfSpace };

class Loop {
 public:
  // Opens the store, recovers, binds. Throws with a text for people when one of these fails. Who
  // supervises must outlive it, as the signals.
  Loop(const LoopOptions& options, const io::Fd& signals, io::Supervisor& supervisor);
  // Until SIGTERM or SIGINT; then everything received is durable and answered. Or until there is no
  // room left to write anything: then another Loop may start when there is. Throws OutOfSpace when
  // the disk was full first, and StoreError when nobody knows what is durable: the process must
  // end.
  Ended run();

  const std::string& endpoint() const { return router_.endpoint(); }

 private:
  void wait();
  void receive();
  void take(io::Received received);
  // A message that the shell answers by itself or has answered by the reading thread; false: the
  // core's.
  bool take_shell_message(io::Peer peer, const std::string& user, const wire::Envelope& envelope);
  void step(const Event& event, std::string blob);
  void commit();
  void submit(Batch batch);
  void take_committed();
  void take(Committed committed);
  void see_space(Space space);
  void look_after_disk(Instant now);
  void after_commit(const Change& change);
  void take_answers();
  // A question of a peer that has asked enough is refused; false then.
  bool admit(io::Peer peer, const std::string& user, uint64_t tag);
  void ask(Question question);
  void answer(const Question& question, const wire::Envelope& envelope);
  void park_or_answer(Answer answer);
  void expire_long_polls(Instant now);
  void look_after_connections(Instant now);
  void follow_keys();
  void part_with(const Connections::Offender& offender, Instant now);
  // Whether the sender may say this; if not, it was told.
  bool is_allowed(const io::Received& received, const wire::Envelope& envelope);
  // loop_demand.cc
  void await_demand(io::Peer peer, const std::string& user, uint64_t tag, wire::AwaitDemand await);
  void look_at_demand(Instant now);
  // loop_metrics.cc
  wire::Metrics metrics() const;
  void send(io::Peer peer, const wire::Envelope& envelope);
  void refuse(io::Peer peer, const wire::DecodeError& error);

  zmq::context_t context_;
  std::optional<KeyRing> keys_;
  Doorkeeper doorkeeper_;
  io::Router router_;
  Connections connections_;
  Instant next_look_;  // at the connections
  const io::Fd& signals_;
  io::Supervisor& supervisor_;
  UnixMillis started_;
  bool keeps_all_;
  Store store_;  // until storage_ takes it over
  Core core_;
  Storage storage_;
  Reading reading_;
  Upkeep upkeep_;
  Counters counters_;
  OpenQuestions open_;
  LongPolls long_polls_;
  Notices notices_;
  io::RateLimit garbage_;
  io::RateLimit crowd_;
  io::RateLimit offences_;
  io::RateLimit forbidden_;

  Batch batch_;  // being gathered
  uint64_t submitted_batches_ = 0;
  uint64_t durable_batches_ = 0;
  uint64_t last_commit_us_ = 0;
  InFlight in_flight_;
  EventSequence durable_sequence_;
  uint64_t durable_record_ = 0;  // of the log
  std::deque<io::Peer> unreachable_;
  Space space_ = Space::Enough;
  Instant look_at_disk_;
  Instant find_expired_;
  bool demand_may_differ_ = false;  // since the last look at it
  Instant look_at_demand_;          // not before
  bool stopping_ = false;
};

}  // namespace seaworthy::broker
