#include "tests/sim/model_store.h"

#include <algorithm>

#include "shared/base/overloaded.h"

namespace seaworthy::sim {

using namespace broker;

void ModelStore::apply(const Change& change, const std::string* blob) {
  if (change.sequence) last_sequence_ = change.sequence;
  std::visit(
      overloaded{
          [&](const BuildSubmitted& b) {
            StoredBuild& stored = builds_[b.build];
            stored.build.rank = b.rank;
            stored.repository = b.repository;
            stored.ref = b.ref;
            stored.revision = b.revision;
            stored.group = b.group;
            stored.ends_older = b.ends_older;
            stored.build.again = b.again;
            last_rank_ = std::max(last_rank_, b.rank);
            last_build_ = b.build;
            for (const NewJob& added : b.jobs) {
              StoredJob& job = jobs_[added.job];
              last_job_ = added.job;
              job.job.build = b.build;
              job.name = added.name;
              job.all_needs = added.needs;
              job.specification = added.specification;
              job.job.priority = added.specification.priority;
            }
          },
          [&](const RequestTaken& b) {
            requests_[b.request] = {b.digest, b.first_build};
          },
          [&](const AttemptAssigned& b) {
            StoredJob& job = jobs_.at(b.job);
            job.job.state = State::Running;
            job.job.attempt = b.attempt;
            job.past.worker = b.worker;
            job.past.boot = b.boot;
            job.past.output_bytes = 0;
            builds_.at(b.build).build.running = true;
          },
          [&](const AttemptReattached& b) { jobs_.at(b.job).past.boot = b.boot; },
          [&](const AttemptAdopted& b) {
            StoredJob& job = jobs_.at(b.job);
            job.job.state = State::Running;
            job.past.boot = b.boot;
            job.past.unreported.erase(b.attempt);
          },
          [&](const AttemptReturned& b) {
            jobs_.at(b.job).job.state = State::Queued;
            jobs_.at(b.job).past.worker.clear();
            jobs_.at(b.job).past.unreported[b.attempt] = b.worker;
          },
          [&](const AttemptLost& b) {
            jobs_.at(b.job).past.unreported[b.attempt] = b.worker;
            jobs_.at(b.job).job.state = State::Queued;
            jobs_.at(b.job).past.losses = b.losses;
          },
          [&](const AttemptEnded& b) {
            StoredJob& job = jobs_.at(b.job);
            job.job.state = State::Queued;
            job.past.worker.clear();
            job.past.failures = b.failures;
          },
          [&](const AttemptSuperseded& b) { jobs_.at(b.job).past.unreported.erase(b.attempt); },
          [&](const CancelRequested& b) { jobs_.at(b.job).job.cancel_requested = true; },
          [&](const JobFinished& b) {
            StoredJob& job = jobs_.at(b.job);
            job.job.state = State::Finished;
            job.job.passed = b.verdict == Verdict::Passed || b.verdict == Verdict::Flaky;
            job.verdict = b.verdict;
            job.verdict_attempt = b.attempt;
          },
          [&](const BuildFinished& b) {
            builds_.at(b.build).verdict = b.verdict;
            builds_.at(b.build).finished = change.at;
          },
          [&](const HeadAdvanced&) {}, [&](const CursorSaved& b) { cursors_[b.name] = b.sequence; },
          [&](const RepositoryPaused& b) {
            b.paused ? void(paused_.insert(b.repository)) : void(paused_.erase(b.repository));
          },
          [&](const BuildRemoved& b) {
            removed_.insert(b.build);
            builds_.erase(b.build);
            std::erase_if(jobs_, [&](const auto& job) { return job.second.job.build == b.build; });
            std::erase_if(requests_, [&](const auto& request) {
              return request.second.first_build == b.build;
            });
          },
          [&](const OutputStored& b) {
            jobs_.at(b.job).past.output_bytes = b.offset + b.size;
            std::string& output = outputs_[{b.job, b.attempt}];
            output.resize(
                b.offset);  // what a crash left behind the acknowledged end is written over
            output.append(*blob, b.skip, b.size);
          }},
      change.body);
}

BuildRemoved ModelStore::removal_of(BuildId id) const {
  const StoredBuild& stored = builds_.at(id);
  BuildRemoved removal{id, stored.repository, stored.ref, stored.revision, {}, {}};
  for (const auto& [request, taken] : requests_)
    if (taken.first_build == id) removal.requests.push_back(request);
  return removal;
}

Recovered ModelStore::recover() {
  Recovered recovered;
  recovered.epoch = {++epoch_};
  recovered.last_sequence = last_sequence_;
  recovered.last_rank = last_rank_;
  recovered.last_build = last_build_;
  recovered.last_job = last_job_;
  recovered.cursors = cursors_;
  recovered.paused.assign(paused_.begin(), paused_.end());
  for (const auto& [id, stored] : builds_) {
    const Commit commit{recovered.names.number(stored.repository),
                        recovered.names.number(stored.ref), *Revision::parse(stored.revision)};
    if (stored.verdict && !stored.build.again) recovered.known.emplace_back(commit, id);
    if (stored.ends_older)
      recovered.newest.push_back({stored.repository, stored.group, stored.build.rank, id});
    if (stored.verdict) continue;
    if (!stored.group.empty()) recovered.groups.push_back({id, stored.group});
    recovered.builds.emplace_back(id, stored.build);
    recovered.builds.back().second.commit = commit;
  }
  for (const auto& [id, stored] : jobs_) {
    if (builds_.at(stored.job.build).verdict) continue;
    if (stored.job.attempt) recovered.pasts.emplace_back(id, stored.past);
    RecoveredJob& job = recovered.jobs.emplace_back(id, stored.job).second;
    job.name = recovered.job_names.enter(stored.name);
    job.needs = stored.all_needs;
    job.labels = {static_cast<uint32_t>(recovered.label_sets.size())};
    recovered.label_sets.push_back(stored.specification.runs_on);
    if (stored.verdict)
      for (auto& [build_id, build] : recovered.builds)
        if (build_id == stored.job.build) build.verdict = gravest(build.verdict, *stored.verdict);
  }
  for (const auto& [id, request] : requests_) recovered.requests.emplace_back(id, request);
  return recovered;
}

}  // namespace seaworthy::sim
