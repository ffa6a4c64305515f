// The workers of the simulation: the real core, and faked loop, leader and spool.
#include <algorithm>

#include "shared/base/overloaded.h"
#include "tests/sim/simulation.h"

namespace seaworthy::sim {

void Simulation::start_worker(size_t index) {
  WorkerNode& node = workers_[index];
  ++node.life;
  ++node.connection;
  node.boot.bytes[0] = static_cast<uint8_t>(index + 1);
  node.boot.bytes[1] = static_cast<uint8_t>(node.life);
  node.boot.bytes[2] = static_cast<uint8_t>(node.life >> 8);
  worker::Settings settings;
  settings.worker = node.name;
  settings.boot = node.boot;
  settings.labels = node.labels;
  settings.seed = random_.next();
  node.core = std::make_unique<worker::Core>(settings);
  note(node.name + " starts");
  // What has an outcome in the spool is reported; what has none died with the process.
  std::erase_if(node.spool, [](const auto& entry) { return !entry.second.report; });
  for (const auto& [key, spooled] : node.spool) {
    ++sometimes_.outcomes_after_worker_restart;
    step_worker(index, worker::Recovered{*spooled.report});
  }
  step_worker(index, worker::Tick{});
}

void Simulation::crash_worker(size_t index) {
  ++sometimes_.worker_crashes;
  WorkerNode& node = workers_[index];
  ++node.life;
  node.core.reset();
  node.revoked.clear();
  node.epoch = {};
  node.processes.clear();
  node.missed.clear();
}

void Simulation::step_worker(size_t index, const worker::Event& event) {
  const uint64_t life = workers_[index].life;
  for (const worker::Effect& effect : workers_[index].core->step(moment(), event)) {
    perform(index, effect);
    if (workers_[index].life != life) return;
  }
  schedule_worker_tick(index);
}

void Simulation::perform(size_t index, const worker::Effect& effect) {
  WorkerNode& node = workers_[index];
  auto later = [&](int64_t delay, worker::Event event) {
    at(now_ + delay, [this, index, life = node.life, event] {
      when_awake(index, life, [this, index, event] { step_worker(index, event); });
    });
  };
  std::visit(
      overloaded{
          [&](const worker::Send& send) {
            const auto* finished = std::get_if<wire::AttemptFinished>(&send.message);
            if (finished != nullptr && node.revoked.contains({finished->job, finished->attempt}))
              throw Violation{"S4: a worker reports an attempt that was revoked"};
            to_broker(peer_of(index), send.message, "");
          },
          [&](const worker::SendOutput& send) {
            to_broker(peer_of(index),
                      wire::Output{node.boot, send.key.job, send.key.attempt, send.offset},
                      output_of(send.key).substr(send.offset, send.size_bytes));
          },
          [&](const worker::StartAttempt& start) { run_attempt(index, start.assign); },
          [&](const worker::EndAttempt& end) {
            at(now_ + 1 + static_cast<int64_t>(random_.below(12'000)),
               [this, index, life = node.life, key = end.key] {
                 when_awake(index, life,
                            [this, index, key] { end_attempt(index, key, Outcome::Cancelled); });
               });
          },
          [&](const worker::KillAttempt& kill) {
            ++sometimes_.fenced;
            node.revoked.insert(kill.key);
            node.processes.erase(kill.key);
            // Some end by themselves just before they are killed.
            wire::AttemptFinished report;
            report.job = kill.key.job;
            report.attempt = kill.key.attempt;
            report.outcome = outcome_of(kill.key);
            if (kill.key.job.value % 2 == 0) later(1, worker::AttemptEnded{report});
            later(1 + static_cast<int64_t>(random_.below(500)), worker::AttemptGone{kill.key});
          },
          [&](const worker::DiscardSpool& discard) { node.spool.erase(discard.key); },
          [&](const worker::Reconnect&) { ++node.connection; },
          [&](const worker::Say& say) { note(node.name + ": " + say.text); },
          [&](const worker::Exit&) { throw Violation{"a worker left that nobody asked to"}; }},
      effect);
}

// Until everything heals.
bool Simulation::kills_its_worker(JobId job) const {
  return !healed_ && (seed_ + job.value) % 23 == 0;
}

// Its output grows in parts, then it ends as its key says.
void Simulation::run_attempt(size_t index, const wire::Assign& assign) {
  ++sometimes_.executions;
  WorkerNode& node = workers_[index];
  const AttemptKey key{assign.job, assign.attempt};
  if (assign.epoch < node.epoch) throw Violation{"S10: a worker takes a job from a deposed broker"};
  if (!node.processes.empty()) throw Violation{"S11: a worker runs two jobs at once"};
  node.spool[key] = {assign, 0, std::nullopt};
  node.processes.insert(key);
  const int64_t length = 500 + static_cast<int64_t>(random_.below(60'000));
  constexpr int64_t kParts = 5;
  for (int64_t part = 1; part < kParts; ++part)
    at(now_ + length * part / kParts, [this, index, life = node.life, key, part] {
      when_awake(index, life, [this, index, key, part] {
        if (!workers_[index].processes.contains(key)) return;
        const uint64_t bytes = kept_output_of(key) * static_cast<uint64_t>(part) / kParts;
        workers_[index].spool[key].output_bytes = bytes;
        step_worker(index, worker::OutputGrew{key, bytes});
      });
    });
  if (kills_its_worker(key.job))
    at(now_ + length / 2, [this, index, life = node.life, key] {
      when_awake(index, life, [this, index, key] {
        if (!kills_its_worker(key.job) || !workers_[index].processes.contains(key)) return;
        ++sometimes_.killers;
        crash_worker(index);
        at(now_ + 1'000, [this, index] {
          if (!workers_[index].core && !workers_[index].gone) start_worker(index);
        });
      });
    });
  at(now_ + length, [this, index, life = node.life, key] {
    when_awake(index, life, [this, index, key] { end_attempt(index, key, outcome_of(key)); });
  });
}

void Simulation::end_attempt(size_t index, AttemptKey key, Outcome outcome) {
  WorkerNode& node = workers_[index];
  if (node.processes.erase(key) == 0) return;
  Spooled& spooled = node.spool[key];
  wire::AttemptFinished report;
  report.job = key.job;
  report.attempt = key.attempt;
  report.outcome = outcome;
  report.output_bytes = outcome == Outcome::Cancelled ? spooled.output_bytes : kept_output_of(key);
  report.output_truncated = report.output_bytes < output_of(key).size();
  spooled.report = report;
  step_worker(index, worker::OutputGrew{key, report.output_bytes});
  step_worker(index, worker::AttemptEnded{report});
}

void Simulation::schedule_worker_tick(size_t index) {
  WorkerNode& node = workers_[index];
  const std::optional<Instant> due = node.core->next_deadline();
  if (!due) return;
  const int64_t when = std::max(due->since_start.count(), now_ + 1);
  at(when, [this, index, life = node.life, tick = ++node.tick] {
    if (workers_[index].life != life || workers_[index].tick != tick) return;
    when_awake(index, life, [this, index] { step_worker(index, worker::Tick{}); });
  });
}

// A paused process does everything it missed when it goes on, in order, with the time it is then.
void Simulation::when_awake(size_t index, uint64_t life, Action action) {
  WorkerNode& node = workers_[index];
  if (node.life != life || !node.core) return;
  if (node.paused)
    return node.missed.push_back([this, index, life, action = std::move(action)] {
      if (workers_[index].life == life && workers_[index].core) action();
    });
  action();
}

}  // namespace seaworthy::sim
