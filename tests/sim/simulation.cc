#include "tests/sim/simulation.h"

#include <algorithm>
#include <ostream>

#include "shared/base/assert.h"
#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "shared/wire/codec.h"

namespace seaworthy::sim {
namespace {

constexpr int64_t kHealAt = 240'000;
constexpr int64_t kSettledBy = kHealAt + 3'600'000;
constexpr uint64_t kStandingStill = 100'000;

}  // namespace

void Sometimes::add(const Sometimes& o) {
  executions += o.executions, broker_crashes += o.broker_crashes,
      worker_crashes += o.worker_crashes;
  changes_forgotten += o.changes_forgotten, reattached += o.reattached, adopted += o.adopted;
  lost += o.lost, returned += o.returned, superseded += o.superseded;
  duplicate_submits += o.duplicate_submits, cancelled += o.cancelled,
      inconclusive += o.inconclusive;
  skipped += o.skipped, outcomes_after_worker_restart += o.outcomes_after_worker_restart;
  fenced += o.fenced, declined += o.declined, truncated += o.truncated, refused += o.refused;
  removed += o.removed, last_words += o.last_words, killers += o.killers;
  paused += o.paused, drained += o.drained;
  turns.with_labels += o.turns.with_labels, turns.groups_waited += o.turns.groups_waited;
  turns.ended_by_newer += o.turns.ended_by_newer, turns.fair += o.turns.fair;
  turns.priorities += o.turns.priorities, turns.oldest += o.turns.oldest;
  turns.unmatched += o.turns.unmatched;
  simulated_ms += o.simulated_ms, messages += o.messages;
}

Simulation::Simulation(uint64_t seed, std::ostream* transcript, std::set<size_t> without)
    : seed_(seed),
      transcript_(transcript),
      random_(seed),
      without_(std::move(without)),
      checker_(store_) {
  // Swarm: each seed has its own parameters and its own choice of faults.
  if (random_.chance(700)) {
    timing_.heartbeat = Duration{static_cast<int64_t>(500 + random_.below(5'000))};
    timing_.lease = timing_.heartbeat * static_cast<int64_t>(3 + random_.below(5));
    timing_.grace = Duration{static_cast<int64_t>(random_.below(10'000))};
    // A worker needs this long to notice that the broker is gone, and to be back.
    timing_.reattach =
        timing_.heartbeat * 3 + Duration{static_cast<int64_t>(60'000 + random_.below(60'000))};
    timing_.accept = timing_.heartbeat * 2 + Duration{static_cast<int64_t>(random_.below(10'000))};
  }
  make_faults();
  make_requests();
  for (size_t i = 0; i < faults_.size(); ++i)
    only_broker_faults_ = only_broker_faults_ && (without_.contains(i) || is_brokers(faults_[i]));
}

// A lease that runs out because the broker was away longer than the window is no fault of the
// restart.
bool Simulation::is_brokers(const Fault& fault) const {
  switch (fault.kind) {
    case FaultKind::BrokerCrash: return fault.for_ms < timing_.reattach.count() / 2;
    // Answers are late by as much: with short leases its workers say hello in vain for too long.
    case FaultKind::SlowDisk: return timing_.lease + timing_.grace > Duration{10'000};
    case FaultKind::FullDisk:
    case FaultKind::Removal: return true;
    case FaultKind::WorkerCrash:
    case FaultKind::WorkerPause:
    case FaultKind::Cut:
    case FaultKind::Stall:
    case FaultKind::Lossy: return false;
  }
  return false;
}

void Simulation::run() {
  const size_t count = 1 + random_.below(4);
  for (size_t i = 0; i < count; ++i) {
    WorkerNode node;
    node.name = "worker-" + std::to_string(i + 1);
    // The first is never away for good, so that what somebody can run is run in the end.
    if (i == 0 ? random_.chance(800) : workers_[0].labels.size() == 2 && random_.chance(300))
      node.labels = {"gpu", "linux"};
    else if (i == 0 || random_.chance(500))
      node.labels = {"linux"};
    workers_.push_back(std::move(node));
  }
  start_broker();
  for (size_t i = 0; i < count; ++i) start_worker(i);
  for (size_t i = 0; i < requests_.size(); ++i)
    at(static_cast<int64_t>(random_.below(kHealAt)), [this, i] { ask(i); });
  for (size_t i = 0; i < faults_.size(); ++i)
    if (!without_.contains(i)) at(faults_[i].at_ms, [this, fault = faults_[i]] { inject(fault); });
  let_people_act(kHealAt);
  at(kHealAt, [this] { heal(); });
  uint64_t standing_still = 0;  // actions at one and the same time
  while (!agenda_.empty()) {
    const Scheduled next = agenda_.top();
    agenda_.pop();
    standing_still = next.at_ms == now_ ? standing_still + 1 : 0;
    if (standing_still > kStandingStill)
      throw Violation{"L1: time stands still: a core asks for the same moment again and again"};
    now_ = next.at_ms;
    (*next.action)();
    if (healed_ && (now_ > kSettledBy || everything_is_settled())) break;
  }
  sometimes_.simulated_ms = static_cast<uint64_t>(now_);
  sometimes_.turns = turns_.seen();
  checker_.settled(only_broker_faults_ && sometimes_.killers == 0);
}

void Simulation::at(int64_t ms, Action action) {
  agenda_.push({ms, ++order_, std::make_shared<Action>(std::move(action))});
}

void Simulation::note(const std::string& line) {
  if (transcript_ != nullptr) *transcript_ << now_ << " " << line << "\n";
}

bool Simulation::everything_is_settled() const {
  for (const ClientRequest& request : requests_) {
    if (request.builds.empty() || (request.cancel && !request.cancelled)) return false;
    for (const wire::SubmittedBuild& one : request.builds) {
      if (store_.removed().contains(one.build)) continue;
      auto build = store_.builds().find(one.build);
      if (build == store_.builds().end() || !build->second.verdict) return false;
    }
  }
  return true;
}

// ---- the network

wire::Message Simulation::through_codec(const wire::Message& message) {
  const wire::EncodedMessage encoded = wire::encode(message, 0);
  for (char byte : encoded.body)
    fingerprint_ = (fingerprint_ ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  auto decoded = wire::decode(encoded.header, encoded.body);
  SW_ASSERT(decoded.has_value());
  return std::move(decoded->message);
}

void Simulation::transmit(const WorkerNode* node, Action deliver) {
  ++sometimes_.messages;
  const int64_t from = node != nullptr ? std::max(now_, node->stalled_until_ms) : now_;
  const bool lost = (node != nullptr && node->cut) || random_.chance(loss_permille_);
  const int copies = lost ? 0 : random_.chance(double_permille_) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    // Three late heartbeats in a row are a lease: not where only the broker is to be at fault.
    const bool late = random_.chance(20) && !healed_ && !only_broker_faults_;
    const uint64_t delay = 1 + random_.below(20) + (late ? random_.below(20'000) : 0);
    at(from + static_cast<int64_t>(delay), deliver);
  }
}

const Simulation::WorkerNode* Simulation::node_of(broker::PeerNumber peer) const {
  auto connection = peers_.find(peer);
  return connection == peers_.end() ? nullptr : &workers_[connection->second.worker];
}

// One number for each connection; a broker that was restarted knows none of the old ones.
broker::PeerNumber Simulation::peer_of(size_t index) {
  const Connection wanted{index, workers_[index].connection, broker_life_};
  for (const auto& [peer, connection] : peers_)
    if (connection == wanted) return peer;
  peers_[next_peer_] = wanted;
  return next_peer_++;
}

void Simulation::to_broker(broker::PeerNumber from, wire::Message message, std::string blob) {
  transmit(node_of(from), [this, from, life = broker_life_, message = std::move(message),
                           blob = std::move(blob)] {
    if (life != broker_life_ || !broker_) return;
    const wire::Message received = through_codec(message);
    note("peer " + std::to_string(from) + " -> broker " + std::string(wire::name_of(received)));
    sometimes_.declined += std::holds_alternative<wire::Decline>(received);
    checker_.reaches_broker(received);
    const auto* hello = std::get_if<wire::Hello>(&received);
    sometimes_.drained += hello != nullptr && broker_->roster().is_drained(hello->worker);
    step_broker(broker::MessageReceived{from, from, &received, blob.size()}, blob);
  });
}

void Simulation::to_peer(broker::PeerNumber to, uint64_t, wire::Message message) {
  transmit(node_of(to), [this, to, message = std::move(message)] {
    deliver_to_peer(to, through_codec(message));
  });
}

void Simulation::deliver_to_peer(broker::PeerNumber to, const wire::Message& message) {
  note("broker -> peer " + std::to_string(to) + " " + std::string(wire::name_of(message)));
  if (to < 1'000) return hear_client(to - 1, message);
  auto found = peers_.find(to);
  if (found == peers_.end()) return;
  const auto [index, number, broker_life] = found->second;
  if (workers_[index].connection != number || !workers_[index].core) return;
  sometimes_.last_words += broker_life != broker_life_;
  when_awake(index, workers_[index].life, [this, i = index, message] {
    if (const auto* welcome = std::get_if<wire::Welcome>(&message))
      workers_[i].epoch = std::max(workers_[i].epoch, welcome->epoch);
    step_worker(i, worker::Received{message});
  });
}

// ---- clients: request N speaks from peer N + 1

void Simulation::make_requests() {
  const size_t count = 1 + random_.below(6);
  for (size_t i = 0; i < count; ++i) {
    ClientRequest request;
    request.submit.request.bytes[0] = static_cast<uint8_t>(i + 1);
    request.submit.repository = random_.chance(300) ? "/srv/other" : "/srv/project";
    request.submit.ref = "refs/heads/main";
    request.submit.again = random_.chance(100);
    const uint64_t revisions = 1 + random_.below(3);
    // Some revisions are asked for by several clients.
    const uint64_t first = random_.below(8);
    for (uint64_t depth = 0; depth < revisions; ++depth) {
      std::string revision = std::to_string(1'000 + first + revisions - depth);
      revision.insert(0, 40 - revision.size(), '0');
      request.submit.revisions.push_back({revision, static_cast<uint32_t>(depth), 0, "", ""});
    }
    request.submit.tip = request.submit.revisions.front().revision;
    JobSpec spec;
    spec.steps = {{"step", "true", {}}};
    spec.timeout = limits::kDefaultTimeout;
    Pipeline pipeline;
    const uint64_t jobs = 1 + random_.below(3);
    for (uint64_t j = 0; j < jobs; ++j) {
      spec.name = std::string(1, static_cast<char>('a' + j));
      spec.needs.clear();
      if (j > 0 && random_.chance(500)) spec.needs = {"a"};
      const uint64_t labels = random_.below(100);
      spec.runs_on.clear();
      if (labels < 30) spec.runs_on = {"linux"};
      if (labels < 15) spec.runs_on = {"gpu", "linux"};
      if (labels < 1) spec.runs_on = {"mainframe"};
      spec.priority = static_cast<Priority>(1 + random_.below(3));
      pipeline.jobs.push_back(spec);
    }
    if (random_.chance(300)) pipeline.concurrency = {"deploy", random_.chance(300)};
    request.submit.pipelines = {pipeline};
    request.cancel = random_.chance(200);
    requests_.push_back(std::move(request));
  }
}

void Simulation::ask(size_t index) {
  ClientRequest& request = requests_[index];
  if (!request.builds.empty()) return;
  to_broker(static_cast<broker::PeerNumber>(index + 1), request.submit, "");
  const int64_t pause =
      2'500 + static_cast<int64_t>(random_.below(static_cast<uint64_t>(request.backoff_ms)));
  request.backoff_ms = std::min<int64_t>(request.backoff_ms * 2, 30'000);
  at(now_ + pause, [this, index] { ask(index); });
}

void Simulation::ask_to_cancel(size_t index) {
  ClientRequest& request = requests_[index];
  if (request.cancelled) return;
  to_broker(static_cast<broker::PeerNumber>(index + 1),
            wire::Cancel{request.builds.front().build, {}, "not wanted"}, "");
  at(now_ + 5'000, [this, index] { ask_to_cancel(index); });
}

void Simulation::hear_client(size_t index, const wire::Message& message) {
  ClientRequest& request = requests_[index];
  if (const auto* ok = std::get_if<wire::SubmitOk>(&message)) {
    for (const wire::SubmittedBuild& one : ok->builds)
      sometimes_.duplicate_submits += one.duplicate;
    if (!request.builds.empty()) {
      for (size_t i = 0; i < ok->builds.size(); ++i)
        if (ok->builds[i].build != request.builds[i].build)
          throw Violation{"S2: one request was answered with two different builds"};
      return;
    }
    request.builds = ok->builds;
    if (request.cancel)
      at(now_ + static_cast<int64_t>(random_.below(60'000)),
         [this, index] { ask_to_cancel(index); });
  } else if (std::holds_alternative<wire::CancelOk>(message)) {
    request.cancelled = true;
  } else if (const auto* error = std::get_if<wire::Error>(&message)) {
    if (!error->retryable) throw Violation{"a client was refused: " + error->message};
    ++sometimes_.refused;  // ask() asks again
  }
}

// ---- faults

void Simulation::make_faults() {
  const uint64_t enabled = random_.next();
  const uint64_t count = random_.below(14);
  constexpr int64_t kLongest[] = {40'000, 60'000, 150'000, 120'000, 50'000,
                                  60'000, 60'000, 60'000,  1'000};
  for (uint64_t i = 0; i < count; ++i) {
    Fault fault;
    const uint64_t kind = random_.below(kFaultKinds);
    fault.at_ms = static_cast<int64_t>(random_.below(kHealAt * 9 / 10));
    fault.who = random_.next();
    const int64_t longest = random_.chance(500) ? kLongest[kind] / 20 : kLongest[kind];
    fault.for_ms = 1 + static_cast<int64_t>(random_.below(static_cast<uint64_t>(longest)));
    fault.kind = static_cast<FaultKind>(kind);
    if ((enabled >> kind & 1) != 0) faults_.push_back(fault);
  }
}

void Simulation::inject(const Fault& fault) {
  static constexpr const char* kNames[] = {
      "broker crashes",    "worker crashes",    "worker pauses",
      "worker is cut off", "connection stalls", "network is lossy",
      "disk is slow",      "disk is full",      "old builds are removed"};
  const size_t who = fault.who % workers_.size();
  const int64_t until = now_ + fault.for_ms;
  note(std::string("FAULT ") + kNames[static_cast<size_t>(fault.kind)] + " (" + workers_[who].name +
       ") for " + std::to_string(fault.for_ms) + " ms");
  switch (fault.kind) {
    case FaultKind::BrokerCrash:
      // Half of them wait for a moment at which something is decided and not yet durable.
      if (fault.who % 2 == 0) return static_cast<void>(crash_at_commit_ms_ = fault.for_ms);
      return crash_broker_for(fault.for_ms);
    case FaultKind::WorkerCrash:
      if (!workers_[who].core) return;
      crash_worker(who);
      workers_[who].gone = who != 0 && fault.at_ms % 4 == 0;
      return at(until, [this, who] {
        if (!workers_[who].core && !workers_[who].gone) start_worker(who);
      });
    case FaultKind::WorkerPause:
      workers_[who].paused = true;
      return at(until, [this, who] {
        workers_[who].paused = false;
        for (Action& action : std::exchange(workers_[who].missed, {})) action();
      });
    case FaultKind::Cut:
      workers_[who].cut = true;
      return at(until, [this, who] { workers_[who].cut = false; });
    case FaultKind::Stall: return static_cast<void>(workers_[who].stalled_until_ms = until);
    case FaultKind::Lossy:
      loss_permille_ = 300, double_permille_ = 300;
      return at(until, [this] { loss_permille_ = 0, double_permille_ = 20; });
    case FaultKind::SlowDisk: slow_disk_ = true; return at(until, [this] { slow_disk_ = false; });
    case FaultKind::FullDisk: change_space(false); return at(until, [this] { change_space(true); });
    case FaultKind::Removal: return remove_old_builds();
  }
}

void Simulation::heal() {
  healed_ = true;
  loss_permille_ = 0;
  slow_disk_ = false;
  crash_at_commit_ms_ = 0;
  if (full_disk_) change_space(true);
  for (WorkerNode& node : workers_) node.cut = false;
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i].paused = false;
    for (Action& action : std::exchange(workers_[i].missed, {})) action();
    if (!workers_[i].core && !workers_[i].gone) start_worker(i);
  }
  if (!broker_) start_broker();
  undo_what_people_did(3);
}

}  // namespace seaworthy::sim
