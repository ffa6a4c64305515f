// What people who run the place ask: who works, drain a worker, pause a repository, and how much
// there is of what.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "broker/core/core.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

std::string Core::why_drained(const std::string& worker) {
  return "it is drained: `seaworthy drain " + worker + " --undo` gives it jobs again";
}

const char* Core::state_of(const Session& session, Instant now) const {
  if (now - session.heard > 3 * options_.timing.heartbeat) return "silent";
  if (ledger_.has_leases(session.worker)) return "busy";
  if (roster_.is_drained(session.worker)) return "drained";
  return session.reason.empty() ? "idle" : "sick";
}

void Core::on_message(const wire::ListWorkers&) {
  wire::WorkerList list;
  size_t bytes = 0;
  for (const auto& [name, peer] : roster_.by_worker()) {
    const Session& session = roster_.at(peer);
    wire::WorkerRow row{name,
                        session.id,
                        state_of(session, moment_.now),
                        session.labels,
                        {},
                        {},
                        session.heard_wall,
                        session.pid,
                        session.host,
                        session.version,
                        session.reason,
                        roster_.is_drained(name)};
    if (std::vector<JobId> leased = ledger_.leased_by(name); !leased.empty()) {
      row.job = leased.front();
      row.attempt = ledger_.find_job(leased.front())->attempt;
    }
    bytes += kRowBytes + name.size() + row.host.size() + row.version.size() + row.reason.size();
    for (const std::string& label : row.labels) bytes += label.size() + 5;
    if (list.workers.size() == limits::kListRows || bytes > limits::kReplyBytes) break;
    list.workers.push_back(std::move(row));
  }
  answer(std::move(list));
}

void Core::on_message(const wire::DrainWorker& m) {
  auto refuse = [&](wire::ErrorCode code, const std::string& why) {
    answer(wire::Error{code, "DrainWorker refused: " + why, false, 0});
  };
  Session* session = roster_.find(m.worker);
  if (!m.drain) {
    // Its own word of how it is comes with its next Ready.
    if (session != nullptr && roster_.is_drained(m.worker)) roster_.set_reason(*session, "");
    roster_.end_draining(m.worker);
    return answer(wire::Ok{});
  }
  if (session == nullptr && !roster_.is_drained(m.worker))
    return refuse(wire::ErrorCode::NotFound,
                  "no worker of this name is connected: `seaworthy workers` lists them");
  if (roster_.drained() >= limits::kDrainedWorkers && !roster_.is_drained(m.worker))
    return refuse(wire::ErrorCode::Overloaded,
                  std::to_string(limits::kDrainedWorkers) +
                      " workers are drained already: end that of some with `seaworthy drain WORKER "
                      "--undo`");
  roster_.drain(m.worker);
  if (session != nullptr) {
    roster_.set_slots(*session, 0);
    roster_.set_reason(*session, why_drained(m.worker));
  }
  answer(wire::Ok{});
}

void Core::on_message(const wire::PauseRepository& m) {
  auto refuse = [&](wire::ErrorCode code, const std::string& why) {
    answer(wire::Error{code, "PauseRepository refused: " + why, false, 0});
  };
  if (ledger_.is_paused(m.repository) == m.paused) return answer(wire::Ok{});
  if (m.paused && !ledger_.knows(m.repository))
    return refuse(
        wire::ErrorCode::NotFound,
        "no build of this repository is known: `seaworthy builds` shows how it is spelled");
  if (m.paused && ledger_.paused().size() >= limits::kPausedRepositories)
    return refuse(wire::ErrorCode::Overloaded,
                  std::to_string(limits::kPausedRepositories) +
                      " repositories are paused already: `seaworthy pause REPO --undo` ends it");
  decide(RepositoryPaused{m.repository, m.paused});
  if (!m.paused)  // what waits for its pause after a failure goes on waiting for that
    for (const auto& [job, until] : held_back_.jobs())
      if (ledger_.find_job(job) != nullptr) ledger_.hold_back(job);
  answer(wire::Ok{});
}

void Core::measure(Instant now, wire::Metrics& metrics) const {
  metrics.epoch = epoch_;
  metrics.has_space = has_space_;
  metrics.running_jobs = ledger_.running_count();
  metrics.waiting_jobs = ledger_.unfinished_count() - ledger_.running_count();
  metrics.paused_repositories = ledger_.paused().size();
  std::map<std::string_view, uint64_t> states{
      {"idle", 0}, {"busy", 0}, {"sick", 0}, {"drained", 0}, {"silent", 0}};
  for (const auto& [name, peer] : roster_.by_worker()) ++states[state_of(roster_.at(peer), now)];
  for (const auto& [state, count] : states) metrics.workers.push_back({std::string(state), count});
  size_t bytes = 0;
  for (LabelSetId id{0}; id.value < ledger_.label_sets().size(); ++id.value) {
    const uint64_t count = ledger_.ready().size(id);
    if (count == 0 && id != kNoLabels) continue;
    const Labels& labels = ledger_.label_sets().labels(id);
    size_t row_bytes = kRowBytes;
    for (const std::string& label : labels) row_bytes += label.size() + 5;
    if (bytes + row_bytes > limits::kReplyBytes / 2) {
      metrics.ready_unlisted += count;
      continue;
    }
    bytes += row_bytes;
    metrics.ready.push_back({labels, count});
  }
}

}  // namespace seaworthy::broker
