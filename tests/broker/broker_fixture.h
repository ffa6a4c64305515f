// A small language for tests of the broker's core: peers speak, time passes, and what the core
// decided and said is asked for. The journal is a list; restart() gives a new core what a store
// would.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "broker/core/core.h"
#include "tests/support/catch.h"

namespace seaworthy::broker {

inline std::string revision(int number) {
  std::string text = std::to_string(number);
  return std::string(40 - text.size(), '0') + text;
}

inline BootId boot(uint8_t number) {
  BootId id;
  id.bytes[0] = number;
  return id;
}

inline RequestId request(uint8_t number) {
  RequestId id;
  id.bytes[0] = number;
  return id;
}

inline JobSpec a_job(const std::string& name, std::vector<std::string> needs = {}) {
  JobSpec spec;
  spec.name = name;
  spec.steps = {{"test", "true", {}}};
  spec.needs = std::move(needs);
  spec.timeout = Duration{60'000};
  return spec;
}

inline wire::Submit a_submit(uint8_t request_number, std::vector<int> revisions_newest_first,
                             std::vector<JobSpec> jobs = {a_job("test")}) {
  wire::Submit submit;
  submit.request = request(request_number);
  submit.repository = "/srv/project";
  submit.ref = "refs/heads/main";
  submit.tip = revision(revisions_newest_first.front());
  submit.pipelines = {{std::move(jobs), std::nullopt}};
  uint32_t depth = 0;
  for (int number : revisions_newest_first)
    submit.revisions.push_back({revision(number), depth++, 0, "subject", "author"});
  return submit;
}

class Harness {
 public:
  static constexpr PeerNumber kClient = 1000;

  static constexpr Duration kUnmatched{3'600'000};

  Harness() : core_({timing(), 1'000'000, kUnmatched}, first_start(), Instant{}) {}

  static Timing timing() { return {}; }

  void pass(Duration time) {
    now_ = now_ + time;
    keep(core_.step(moment(), Tick{}));
  }

  void say(PeerNumber peer, const wire::Message& message, uint64_t blob_bytes = 0) {
    keep(core_.step(moment(), MessageReceived{peer, 7, &message, blob_bytes}));
  }

  void tell(const Event& event) { keep(core_.step(moment(), event)); }

  void hello(PeerNumber peer, const std::string& worker, uint8_t boot_number,
             std::vector<wire::HeldAttempt> held = {}, Labels labels = {}) {
    wire::Hello hello;
    hello.worker = worker;
    hello.boot = boot(boot_number);
    hello.held = std::move(held);
    hello.labels = std::move(labels);
    say(peer, hello);
  }
  // A worker that has said Hello and waits for a job.
  void idle_worker(PeerNumber peer, const std::string& worker, uint8_t boot_number,
                   Labels labels = {}) {
    hello(peer, worker, boot_number, {}, std::move(labels));
    say(peer, wire::Ready{boot(boot_number), 1});
  }
  void accept(PeerNumber peer, const wire::Assign& assign) {
    say(peer, wire::Accept{assign.boot, assign.job, assign.attempt});
  }
  void finish(PeerNumber peer, const wire::Assign& assign, Outcome outcome,
              uint64_t output_bytes = 0) {
    wire::AttemptFinished finished;
    finished.boot = assign.boot;
    finished.job = assign.job;
    finished.attempt = assign.attempt;
    finished.outcome = outcome;
    finished.output_bytes = output_bytes;
    say(peer, finished);
  }
  std::vector<wire::SubmittedBuild> submit(const wire::Submit& submit) {
    say(kClient, submit);
    return last<wire::SubmitOk>(kClient).builds;
  }

  // The last message of this type to this peer; fails the test if there is none.
  template <class T>
  T last(PeerNumber peer) const {
    for (auto out = messages_.rbegin(); out != messages_.rend(); ++out)
      if (out->peer == peer && std::holds_alternative<T>(out->message))
        return std::get<T>(out->message);
    FAIL("no such message was sent");
    return {};
  }
  template <class T>
  size_t count(PeerNumber peer) const {
    return static_cast<size_t>(
        std::count_if(messages_.begin(), messages_.end(), [&](const Outgoing& out) {
          return out.peer == peer && std::holds_alternative<T>(out.message);
        }));
  }
  template <class T>
  std::vector<T> changes() const {
    std::vector<T> found;
    for (const Change& change : changes_)
      if (const T* body = std::get_if<T>(&change.body)) found.push_back(*body);
    return found;
  }
  const std::vector<Change>& all_changes() const { return changes_; }
  void forget() {
    messages_.clear();
    changes_.clear();
  }

  std::optional<Verdict> verdict_of_build(BuildId build) const {
    for (const auto& finished : changes<BuildFinished>())
      if (finished.build == build) return finished.verdict;
    return std::nullopt;
  }
  std::optional<Verdict> verdict_of_job(JobId job) const {
    for (const auto& finished : changes<JobFinished>())
      if (finished.job == job) return finished.verdict;
    return std::nullopt;
  }
  const Core& core() const { return core_; }

  // What was sent to it could not be delivered; nothing of what follows is kept.
  Effects unreachable(PeerNumber peer) { return core_.step(moment(), PeerUnreachable{peer}); }

 private:
  static Recovered first_start() {
    Recovered recovered;
    recovered.epoch = {1};
    return recovered;
  }
  Moment moment() const { return {now_, UnixMillis{1'000'000 + now_.since_start.count()}}; }
  void keep(Effects effects) {
    std::move(effects.messages.begin(), effects.messages.end(), std::back_inserter(messages_));
    std::move(effects.changes.begin(), effects.changes.end(), std::back_inserter(changes_));
  }

  Core core_;
  Instant now_{};
  std::vector<Outgoing> messages_;
  std::vector<Change> changes_;
};

}  // namespace seaworthy::broker
