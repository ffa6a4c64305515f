#include "tests/sim/turns.h"

#include <algorithm>
#include <tuple>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "tests/sim/checker.h"

namespace seaworthy::sim {
namespace {

bool has_labels(const broker::Session& session, const JobSpec& job) {
  return std::all_of(job.runs_on.begin(), job.runs_on.end(), [&](const std::string& label) {
    return std::find(session.labels.begin(), session.labels.end(), label) != session.labels.end();
  });
}

}  // namespace

void Turns::restart(const ModelStore& store) {
  jobs_.clear(), builds_.clear(), running_.clear(), handed_out_.clear(), newest_.clear();
  paused_ = store.paused();
  for (const auto& [id, stored] : store.builds()) {
    if (stored.ends_older) {
      uint64_t& newest = newest_[{stored.repository, stored.group}];
      newest = std::max(newest, stored.build.rank);
    }
    if (!stored.verdict)
      builds_[id] = {stored.repository, stored.group, stored.build.rank, stored.build.running,
                     false};
  }
  for (const auto& [id, stored] : store.jobs()) {
    if (stored.verdict || !builds_.contains(stored.job.build)) continue;
    WaitingJob& job = jobs_[id];
    job.build = stored.job.build;
    job.specification = stored.specification;
    job.running = stored.job.state == State::Running;
    job.cancelled = stored.job.cancel_requested;
    for (JobId need : stored.all_needs)
      if (!store.jobs().at(need).job.passed) job.needs.insert(need);
    running_[lane_of(job)] += job.running;
  }
}

void Turns::decided(const broker::Change& change, Instant now, const broker::Core& core) {
  auto ended = [&](JobId id) {
    WaitingJob& job = jobs_.at(id);
    job.running = false;
    --running_[lane_of(job)];
  };
  std::visit(overloaded{[&](const broker::BuildSubmitted& b) {
                          builds_[b.build] = {b.repository, b.group, b.rank, false, false};
                          for (const broker::NewJob& added : b.jobs)
                            jobs_[added.job] = {b.build,
                                                added.specification,
                                                {added.needs.begin(), added.needs.end()},
                                                false,
                                                false,
                                                {}};
                          if (!b.ends_older) return;
                          uint64_t& newest = newest_[{b.repository, b.group}];
                          newest = std::max(newest, b.rank);
                        },
                        [&](const broker::AttemptAssigned& b) { assigned(b, now, core); },
                        [&](const broker::AttemptAdopted& b) {
                          jobs_.at(b.job).running = true;
                          ++running_[lane_of(jobs_.at(b.job))];
                        },
                        [&](const broker::AttemptReturned& b) { ended(b.job); },
                        [&](const broker::AttemptLost& b) { ended(b.job); },
                        [&](const broker::AttemptEnded& b) {
                          ended(b.job);
                          if (b.report.outcome != Outcome::Broken) return;
                          Duration pause = limits::kBrokenPause;
                          for (uint32_t i = 1; i < b.failures; ++i) pause *= 6;
                          jobs_.at(b.job).paused_until = now + pause;
                        },
                        [&](const broker::CancelRequested& b) {
                          jobs_.at(b.job).cancelled = true;
                          builds_.at(jobs_.at(b.job).build).ended_by_newer |=
                              b.reason.find("which is newer") != std::string::npos;
                        },
                        [&](const broker::RepositoryPaused& b) {
                          b.paused ? void(paused_.insert(b.repository))
                                   : void(paused_.erase(b.repository));
                        },
                        [&](const broker::JobFinished& b) { finished(b); },
                        [&](const broker::BuildFinished& b) {
                          seen_.ended_by_newer += builds_.at(b.build).ended_by_newer;
                          builds_.erase(b.build);
                        },
                        [](const auto&) {}},
             change.body);
}

void Turns::finished(const broker::JobFinished& finished) {
  seen_.unmatched += finished.note.find("no worker came that could run it") != std::string::npos;
  jobs_.erase(finished.job);
  if (finished.verdict != Verdict::Passed && finished.verdict != Verdict::Flaky) return;
  for (auto& [id, job] : jobs_) job.needs.erase(finished.job);
}

void Turns::assigned(const broker::AttemptAssigned& assigned, Instant now,
                     const broker::Core& core) {
  const std::string name = "job " + std::to_string(assigned.job.value);
  WaitingJob& job = jobs_.at(assigned.job);
  OpenBuild& build = builds_.at(job.build);
  const broker::Session* session = core.roster().find(assigned.worker);
  require(session != nullptr && has_labels(*session, job.specification),
          "labels: " + name + " was given to a worker that does not have its labels");
  require(!paused_.contains(build.repository),
          "paused: " + name + " was handed out although its repository is paused");
  require(!core.roster().is_drained(assigned.worker),
          "drained: " + name + " was given to a worker that is drained");
  const std::optional<BuildId> holder = holder_of(build);
  require(!holder || *holder == job.build,
          "groups: two builds of one concurrency group have running jobs");
  const bool is_oldest = ++handed_out_[build.repository] % limits::kOldestEvery == 0;
  for (const auto& [id, other] : jobs_) {
    if (id == assigned.job || !has_labels(*session, other.specification)) continue;
    if (!is_ready(other, now)) {
      const std::optional<BuildId> has = holder_of(builds_.at(other.build));
      seen_.groups_waited += !other.running && other.needs.empty() && has && *has != other.build;
      continue;
    }
    const OpenBuild& its = builds_.at(other.build);
    const int mine = running_[lane_of(job)], theirs = running_[lane_of(other)];
    if (!stands_behind_its_group(id, now))
      require(mine <= theirs,
              "fairness: a repository was served although another has fewer running jobs");
    seen_.fair += mine < theirs;
    if (its.repository != build.repository || mine < theirs) continue;
    if (!build.group.empty() && its.group == build.group && !holder &&
        other.specification.runs_on == job.specification.runs_on)
      require(!is_older(id, assigned.job),
              "groups: " + name + " came before an older build of its group");
    if (stands_behind_its_group(id, now)) continue;
    require(is_oldest ? !is_older(id, assigned.job) : !is_better(id, assigned.job),
            "order: " + name + " was handed out before a job that goes before it");
    seen_.priorities += !is_oldest && build.rank < its.rank;
    seen_.oldest += is_oldest && is_better(id, assigned.job);
  }
  seen_.with_labels += !job.specification.runs_on.empty();
  job.running = true;
  build.was_given_a_worker = true;
  ++running_[lane_of(job)];
}

void Turns::after_step(Instant now, bool disk_is_full, const broker::Core& core) const {
  for (const auto& [id, job] : jobs_) {
    const OpenBuild& build = builds_.at(job.build);
    const auto newest = newest_.find({build.repository, build.group});
    require(build.group.empty() || newest == newest_.end() || build.rank >= newest->second ||
                job.cancelled,
            "groups: a build goes on although a newer one was to end it");
    if (disk_is_full || !is_ready(job, now)) continue;
    for (const auto& [name, peer] : core.roster().by_worker()) {
      const broker::Session& session = core.roster().at(peer);
      require(session.slots == 0 || !has_labels(session, job.specification),
              "idle: " + name + " idles beside job " + std::to_string(id.value));
    }
  }
}

bool Turns::is_ready(const WaitingJob& job, Instant now) const {
  if (job.running || !job.needs.empty() || now < job.paused_until) return false;
  if (paused_.contains(builds_.at(job.build).repository)) return false;
  const std::optional<BuildId> holder = holder_of(builds_.at(job.build));
  return !holder || *holder == job.build;
}

Turns::Lane Turns::lane_of(const WaitingJob& job) const {
  return {builds_.at(job.build).repository, job.specification.runs_on};
}

bool Turns::is_better(JobId a, JobId b) const {
  auto place = [this](JobId id) {
    const WaitingJob& job = jobs_.at(id);
    return std::tuple(job.specification.priority, builds_.at(job.build).rank, ~id.value);
  };
  return place(a) > place(b);
}

bool Turns::is_older(JobId a, JobId b) const {
  auto place = [this](JobId id) {
    const WaitingJob& job = jobs_.at(id);
    return std::tuple(~builds_.at(job.build).rank, job.specification.priority, ~id.value);
  };
  return place(a) > place(b);
}

// A free group shows the oldest of its ready jobs with the same labels, and no other.
bool Turns::stands_behind_its_group(JobId id, Instant now) const {
  const WaitingJob& job = jobs_.at(id);
  const OpenBuild& build = builds_.at(job.build);
  if (build.group.empty() || holder_of(build)) return false;
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
    const auto& [other_id, other] = entry;
    const OpenBuild& its = builds_.at(other.build);
    return its.group == build.group && its.repository == build.repository &&
           other.specification.runs_on == job.specification.runs_on && is_ready(other, now) &&
           is_older(other_id, id);
  });
}

std::optional<BuildId> Turns::holder_of(const OpenBuild& build) const {
  if (build.group.empty()) return std::nullopt;
  for (const auto& [id, other] : builds_)
    if (other.was_given_a_worker && other.group == build.group &&
        other.repository == build.repository)
      return id;
  return std::nullopt;
}

}  // namespace seaworthy::sim
