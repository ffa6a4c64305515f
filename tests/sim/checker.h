// Checker holds what happened against what is promised. It is told every change when it becomes
// durable, and every message that matters when it leaves; it throws Violation at the first one that
// breaks a promise.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "broker/core/change.h"
#include "shared/wire/message.h"
#include "tests/sim/model_store.h"

namespace seaworthy::sim {

struct Violation {
  std::string what;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Violation{what};
}

// What an attempt writes and how it ends follow from its key, so that everyone can know what is
// right.
Outcome outcome_of(AttemptKey key);
std::string output_of(AttemptKey key);
// How much of it the worker keeps: of some there is more than it may.
uint64_t kept_output_of(AttemptKey key);

class Checker {
 public:
  explicit Checker(ModelStore& store) : store_(store) {}

  // Before it is durable.
  void decided(const broker::Change& change, bool disk_is_full);
  void durable(const broker::Change& change);
  void leaves_broker(const wire::Message& message);
  void reaches_broker(const wire::Message& message);
  // At the end: `only_broker_restarts` if no other fault was injected.
  void settled(bool only_broker_restarts);

 private:
  void check_verdict(const broker::JobFinished& finished);

  ModelStore& store_;
  std::set<BuildId> acknowledged_;
  std::map<std::tuple<std::string, std::string, std::string>, BuildId> by_revision_;
  std::map<AttemptKey, BootId> granted_;
  std::map<AttemptKey, Outcome> reported_;
  std::map<JobId, Verdict> verdicts_;
  std::map<BuildId, Verdict> build_verdicts_;
  std::map<JobId, uint32_t> attempts_at_cancel_;
  std::set<JobId> cancel_asked_;
  std::map<JobId, std::set<uint32_t>> losses_;  // by attempt: an adopted one may be lost twice
  std::map<JobId, uint32_t> failures_;
  std::set<AttemptKey> superseded_;
  BootId last_hello_;
  EventSequence last_sequence_;
};

}  // namespace seaworthy::sim
