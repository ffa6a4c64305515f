// The broker of the simulation: the real core, and a faked loop and disk.
#include <algorithm>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "tests/sim/simulation.h"

namespace seaworthy::sim {

void Simulation::start_broker() {
  ++broker_life_;
  broker_ = std::make_unique<broker::Core>(
      broker::CoreOptions{timing_, limits::kOutputCreditBytes, unmatched_timeout_},
      store_.recover(), moment().now);
  turns_.restart(store_);
  note("broker starts, epoch " + std::to_string(broker_->epoch().value));
  schedule_broker_tick();
  if (full_disk_) step_broker(broker::SpaceChanged{false}, "");
}

void Simulation::crash_broker_for(int64_t ms) {
  if (!broker_) return;
  crash_broker();
  at(now_ + ms, [this] {
    if (!broker_) start_broker();
  });
}

void Simulation::change_space(bool enough) {
  full_disk_ = !enough;
  if (broker_) step_broker(broker::SpaceChanged{enough}, "");
}

// As the reading thread would find them: finished, durable, and not just now. And others, which the
// core must keep.
void Simulation::remove_old_builds() {
  constexpr int64_t kKeptAtLeast = 100'000;  // longer than any message is on its way
  broker::BuildsExpired expired;
  for (const auto& [id, stored] : store_.builds())
    if (!stored.verdict || stored.finished.value + kKeptAtLeast < moment().wall.value)
      expired.builds.push_back(store_.removal_of(id));
  if (broker_ && !expired.builds.empty()) step_broker(expired, "");
}

// What was being committed may have become durable or not, but never a later part without an
// earlier one.
void Simulation::crash_broker() {
  ++sometimes_.broker_crashes;
  ++broker_life_;
  broker_.reset();
  std::vector<Batch> pending = std::exchange(committing_, {});
  std::move(gathered_.begin(), gathered_.end(), std::back_inserter(pending));
  gathered_.clear();
  size_t kept = 0;
  while (kept < pending.size() && random_.chance(300)) make_durable(pending[kept++]);
  for (; kept < pending.size(); ++kept)
    sometimes_.changes_forgotten += pending[kept].changes.size();
}

void Simulation::step_broker(const broker::Event& event, std::string blob) {
  broker::Effects effects = broker_->step(moment(), event);
  Batch batch;
  for (broker::Change& change : effects.changes) {
    checker_.decided(change, full_disk_);
    turns_.decided(change, moment().now, *broker_);
    if (std::holds_alternative<broker::OutputStored>(change.body)) batch.blobs.push_back(blob);
    batch.changes.push_back(std::move(change));
  }
  turns_.after_step(moment().now, full_disk_, *broker_);
  batch.messages = std::move(effects.messages);
  const bool idle = committing_.empty() && gathered_.empty();
  if (batch.changes.empty() && idle) {
    for (const broker::Outgoing& out : batch.messages) send_from_broker(out);
  } else {
    gathered_.push_back(std::move(batch));
    commit();
  }
  schedule_broker_tick();
  const bool something_to_lose = !committing_.empty() || !gathered_.empty();
  if (crash_at_commit_ms_ > 0 && something_to_lose)
    crash_broker_for(std::exchange(crash_at_commit_ms_, 0));
}

void Simulation::commit() {
  if (!committing_.empty() || gathered_.empty()) return;
  committing_ = std::exchange(gathered_, {});
  const int64_t delay = 1 + static_cast<int64_t>(random_.below(slow_disk_ ? 4'000 : 8));
  at(now_ + delay, [this, life = broker_life_] {
    if (life != broker_life_) return;
    std::vector<Batch> batches = std::exchange(committing_, {});
    for (const Batch& batch : batches) make_durable(batch);
    for (const Batch& batch : batches)
      for (const broker::Outgoing& out : batch.messages) send_from_broker(out);
    commit();
  });
}

void Simulation::make_durable(const Batch& batch) {
  auto blob = batch.blobs.begin();
  for (const broker::Change& change : batch.changes) {
    const bool has_blob = std::holds_alternative<broker::OutputStored>(change.body);
    store_.apply(change, has_blob ? &*blob++ : nullptr);
    checker_.durable(change);
    std::visit(overloaded{[&](const broker::AttemptReattached&) { ++sometimes_.reattached; },
                          [&](const broker::AttemptAdopted&) { ++sometimes_.adopted; },
                          [&](const broker::AttemptLost&) { ++sometimes_.lost; },
                          [&](const broker::AttemptReturned&) { ++sometimes_.returned; },
                          [&](const broker::AttemptSuperseded&) { ++sometimes_.superseded; },
                          [&](const broker::AttemptEnded& ended) {
                            sometimes_.truncated += ended.report.output_truncated;
                          },
                          [&](const broker::BuildRemoved&) { ++sometimes_.removed; },
                          [&](const broker::RepositoryPaused& b) { sometimes_.paused += b.paused; },
                          [&](const broker::JobFinished& finished) {
                            sometimes_.cancelled += finished.verdict == Verdict::Cancelled;
                            sometimes_.inconclusive += finished.verdict == Verdict::Inconclusive;
                            sometimes_.skipped += finished.verdict == Verdict::Skipped;
                          },
                          [](const auto&) {}},
               change.body);
  }
}

void Simulation::schedule_broker_tick() {
  const std::optional<Instant> due = broker_->next_deadline();
  if (!due) return;
  const int64_t when = std::max(due->since_start.count(), now_);
  at(when, [this, life = broker_life_, tick = ++broker_tick_] {
    if (life == broker_life_ && tick == broker_tick_) step_broker(broker::Tick{}, "");
  });
}

void Simulation::send_from_broker(const broker::Outgoing& out) {
  wire::Message message = out.message;
  if (auto* assign = std::get_if<wire::Assign>(&message))
    assign->specification = store_.jobs().at(assign->job).specification;
  checker_.leaves_broker(message);
  to_peer(out.peer, out.tag, std::move(message));
}

}  // namespace seaworthy::sim
