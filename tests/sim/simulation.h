// Simulation runs the real cores of broker and workers, and the real codec, with everything else
// faked from one seed: time, network, disk, crashes. One seed is one execution, the same every
// time. Messages are delayed, lost, doubled and reordered; connections are cut or stall; broker and
// workers crash, pause and come back; some jobs kill whoever runs them; the store forgets what was
// not durable, fills up, and old builds are removed from it. At a known time everything heals. A
// violated promise ends the run with a Violation that names it.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "broker/core/core.h"
#include "tests/sim/checker.h"
#include "tests/sim/model_store.h"
#include "tests/sim/random.h"
#include "tests/sim/turns.h"
#include "worker/core/core.h"

namespace seaworthy::sim {

enum class FaultKind : uint8_t {
  BrokerCrash,
  WorkerCrash,
  WorkerPause,
  Cut,    // what is sent is lost
  Stall,  // what is sent arrives when it is over
  Lossy,
  SlowDisk,
  FullDisk,
  Removal  // of builds that finished a while ago
};
inline constexpr int kFaultKinds = 9;

struct Fault {
  int64_t at_ms = 0;
  int64_t for_ms = 0;
  FaultKind kind = FaultKind::BrokerCrash;
  uint64_t who = 0;
};

// What happened, to show that the faults bite: each must be above zero over many seeds.
struct Sometimes {
  uint64_t executions = 0;
  uint64_t broker_crashes = 0;
  uint64_t worker_crashes = 0;
  uint64_t changes_forgotten = 0;  // decided, but not durable when the broker died
  uint64_t reattached = 0;
  uint64_t adopted = 0;
  uint64_t lost = 0;
  uint64_t returned = 0;
  uint64_t superseded = 0;
  uint64_t duplicate_submits = 0;
  uint64_t cancelled = 0;
  uint64_t inconclusive = 0;
  uint64_t skipped = 0;
  uint64_t outcomes_after_worker_restart = 0;
  uint64_t fenced = 0;      // attempts ended because the broker has given them away
  uint64_t declined = 0;    // jobs that a worker did not want
  uint64_t truncated = 0;   // outputs that are marked as not complete
  uint64_t refused = 0;     // submits while the disk was full
  uint64_t removed = 0;     // builds
  uint64_t last_words = 0;  // messages of a broker that was dead when they arrived
  uint64_t killers = 0;     // attempts that killed their worker
  uint64_t paused = 0;      // repositories
  uint64_t drained = 0;     // workers that came back and stayed drained
  Turns::Seen turns;
  uint64_t simulated_ms = 0;
  uint64_t messages = 0;
  void add(const Sometimes& other);
};

class Simulation {
 public:
  // `transcript`: every message and fault as a line; may be null. `without`: the faults, by their
  // place, that do not happen.
  Simulation(uint64_t seed, std::ostream* transcript, std::set<size_t> without = {});
  // Throws Violation.
  void run();

  const std::vector<Fault>& faults() const { return faults_; }
  const Sometimes& sometimes() const { return sometimes_; }
  // Of everything that was sent: equal for two runs of one seed.
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  using Action = std::function<void()>;
  struct Scheduled {
    int64_t at_ms = 0;
    uint64_t order = 0;
    std::shared_ptr<Action> action;
    bool operator<(const Scheduled& other) const {
      return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
    }
  };
  struct Spooled {
    wire::Assign assign;
    uint64_t output_bytes = 0;
    std::optional<wire::AttemptFinished> report;
  };
  struct WorkerNode {
    std::string name;
    std::vector<std::string> labels;
    std::unique_ptr<worker::Core> core;
    BootId boot;
    uint64_t life = 0;        // grows with each crash and start
    uint64_t connection = 0;  // grows with each new socket
    bool paused = false;
    bool cut = false;
    int64_t stalled_until_ms = 0;
    bool gone = false;  // for good; never all of them
    uint64_t tick = 0;  // the latest scheduled one
    std::map<AttemptKey, Spooled> spool;
    std::set<AttemptKey> processes;
    std::set<AttemptKey> revoked;  // in this life
    Epoch epoch;                   // of the latest broker that welcomed this life
    std::vector<Action> missed;    // while paused
  };
  struct Connection {
    size_t worker = 0;
    uint64_t number = 0;       // of the worker's sockets
    uint64_t broker_life = 0;  // it ends with either side
    auto operator<=>(const Connection&) const = default;
  };
  struct Batch {
    std::vector<broker::Change> changes;
    std::vector<std::string> blobs;
    std::vector<broker::Outgoing> messages;
  };
  struct ClientRequest {
    wire::Submit submit;
    std::vector<wire::SubmittedBuild> builds;
    bool cancel = false;
    bool cancelled = false;
    int64_t backoff_ms = 500;
  };

  void at(int64_t ms, Action action);
  Moment moment() const { return {{Duration{now_}}, {wall_at_start_ms_ + now_}}; }
  void note(const std::string& line);

  // simulation_broker.cc
  void start_broker();
  void crash_broker();
  void crash_broker_for(int64_t ms);
  void change_space(bool enough);
  void remove_old_builds();
  void step_broker(const broker::Event& event, std::string blob);
  void commit();
  void make_durable(const Batch& batch);
  void schedule_broker_tick();
  void send_from_broker(const broker::Outgoing& out);

  // simulation_worker.cc
  void start_worker(size_t index);
  void crash_worker(size_t index);
  void step_worker(size_t index, const worker::Event& event);
  void perform(size_t index, const worker::Effect& effect);
  bool kills_its_worker(JobId job) const;
  void run_attempt(size_t index, const wire::Assign& assign);
  void end_attempt(size_t index, AttemptKey key, Outcome outcome);
  void schedule_worker_tick(size_t index);
  void when_awake(size_t index, uint64_t life, Action action);

  // simulation_people.cc
  void let_people_act(int64_t until_ms);
  void undo_what_people_did(int more);

  // simulation.cc: network, clients, faults
  broker::PeerNumber peer_of(size_t worker);
  void to_broker(broker::PeerNumber from, wire::Message message, std::string blob);
  void to_peer(broker::PeerNumber to, uint64_t tag, wire::Message message);
  void deliver_to_peer(broker::PeerNumber to, const wire::Message& message);
  void transmit(const WorkerNode* node, Action deliver);
  const WorkerNode* node_of(broker::PeerNumber peer) const;
  wire::Message through_codec(const wire::Message& message);
  void make_requests();
  void ask(size_t request);
  void ask_to_cancel(size_t request);
  void hear_client(size_t request, const wire::Message& message);
  void inject(const Fault& fault);
  void heal();
  void make_faults();
  bool is_brokers(const Fault& fault) const;
  bool everything_is_settled() const;

  uint64_t seed_;
  std::ostream* transcript_;
  Random random_;
  std::vector<Fault> faults_;
  Sometimes sometimes_;
  uint64_t fingerprint_ = 0xcbf29ce484222325;

  int64_t now_ = 0;
  int64_t wall_at_start_ms_ = 1'000'000'000'000;
  uint64_t order_ = 0;
  std::priority_queue<Scheduled> agenda_;
  bool healed_ = false;
  uint32_t loss_permille_ = 0;
  uint32_t double_permille_ = 20;
  bool slow_disk_ = false;
  bool full_disk_ = false;
  int64_t crash_at_commit_ms_ =
      0;  // how long the broker will be away, once it has something to lose
  std::set<size_t> without_;
  bool only_broker_faults_ = true;

  Timing timing_;
  Duration unmatched_timeout_{20'000};
  ModelStore store_;
  Checker checker_;
  Turns turns_;
  std::unique_ptr<broker::Core> broker_;
  uint64_t broker_life_ = 0;
  uint64_t broker_tick_ = 0;
  std::vector<Batch> gathered_;
  std::vector<Batch> committing_;
  std::map<broker::PeerNumber, Connection> peers_;
  broker::PeerNumber next_peer_ = 1'000;

  std::vector<WorkerNode> workers_;
  std::vector<ClientRequest> requests_;
};

}  // namespace seaworthy::sim
