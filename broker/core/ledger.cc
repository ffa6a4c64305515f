#include "broker/core/ledger.h"

#include <algorithm>

#include "shared/base/assert.h"

namespace seaworthy::broker {

void Ledger::recover(const Recovered& recovered) {
  last_build_ = recovered.last_build;
  last_job_ = recovered.last_job;
  last_sequence_ = recovered.last_sequence;
  last_rank_ = recovered.last_rank;
  cursors_ = recovered.cursors;
  paused_.insert(recovered.paused.begin(), recovered.paused.end());
  revisions_.reserve(recovered.known.size());
  for (const Recovered::Known& known : recovered.known)
    remember_revision(known.repository, known.ref, known.revision, known.build);
  for (const auto& [id, request] : recovered.requests) requests_.emplace(id, request);
  for (const auto& [id, build] : recovered.builds)
    builds_.emplace_hint(builds_.end(), id, build)->second.repository_number =
        number_of(build.repository);
  for (const Recovered::Newest& newest : recovered.newest) {
    const GroupNumber group = group_number(number_of(newest.repository), newest.group);
    set_newest(group, newest.build, newest.rank);
  }
  for (const Recovered::InGroup& one : recovered.groups) enter_group(one.build, one.name);
  for (const auto& [id, job] : recovered.jobs) {
    Build& build = builds_.at(job.build);
    build.jobs.push_back(id);
    build.unfinished += job.state != State::Finished;
    unfinished_count_ += job.state != State::Finished;
    Job& known = jobs_.emplace_hint(jobs_.end(), id, job)->second;
    if (job.state != State::Finished)
      known.labels =
          enter_labels(build.repository_number, recovered.label_sets.at(job.labels.value));
  }
  for (auto& [id, job] : jobs_) {
    std::erase_if(job.needs, [this](JobId need) { return jobs_.at(need).passed; });
    if (job.state == State::Queued) enter_queue_if_ready(id, job);
    if (job.state != State::Running) continue;
    ready_.started(builds_.at(job.build).repository_number, job.labels);
    ++running_count_;
    leased_[job.worker].push_back(id);
  }
}

void Ledger::apply(const Change& change) {
  at_ = change.at;
  if (change.sequence) {
    SW_ASSERT(change.sequence.value == last_sequence_.value + 1);
    last_sequence_ = change.sequence;
  }
  std::visit([&](const auto& body) { on(change, body); }, change.body);
}

void Ledger::on(const Change&, const BuildSubmitted& body) {
  SW_ASSERT(body.build > last_build_);
  last_build_ = body.build;
  last_rank_ = std::max(last_rank_, body.rank);
  if (!body.again) remember_revision(body.repository, body.ref, body.revision, body.build);
  Build& build = builds_[body.build];
  build.rank = body.rank;
  build.repository = body.repository;
  build.ref = body.ref;
  build.revision = body.revision;
  build.repository_number = number_of(body.repository);
  if (!body.group.empty()) enter_group(body.build, body.group);
  if (!body.group.empty() && body.ends_older) set_newest(build.group, body.build, body.rank);
  build.unfinished = body.jobs.size();
  unfinished_count_ += body.jobs.size();
  for (const NewJob& added : body.jobs) {
    SW_ASSERT(added.job > last_job_);
    last_job_ = added.job;
    build.jobs.push_back(added.job);
    Job& job = jobs_[added.job];
    job.build = body.build;
    job.name = added.name;
    job.needs = added.needs;
    job.labels = enter_labels(build.repository_number, added.specification.runs_on);
    job.priority = added.specification.priority;
    enter_queue_if_ready(added.job, job);
  }
}

void Ledger::on(const Change&, const RequestTaken& body) {
  requests_[body.request] = {body.digest, body.first_build};
}

void Ledger::on(const Change& change, const AttemptAssigned& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Queued && body.attempt > job.attempt);
  leave_queue(body.job, job);
  job.attempt = body.attempt;
  job.worker = body.worker;
  job.boot = body.boot;
  job.assigned = change.at;
  job.output_bytes = 0;
  set_state(body.job, job, State::Running);
  ready_.served(builds_.at(job.build).repository_number);
  hold_group(job.build);
}

void Ledger::on(const Change&, const AttemptReattached& body) { job(body.job).boot = body.boot; }

void Ledger::on(const Change&, const AttemptAdopted& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Queued && job.attempt == body.attempt && job.worker == body.worker);
  leave_queue(body.job, job);
  job.boot = body.boot;
  job.unreported.erase(body.attempt);
  set_state(body.job, job, State::Running);
}

void Ledger::on(const Change&, const AttemptReturned& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  await_late_outcome(job, body.attempt, body.worker);
  set_state(body.job, job, State::Queued);
  job.worker.clear();  // it said that it does not run it: nothing to adopt
  enter_queue_if_ready(body.job, job);
}

void Ledger::await_late_outcome(Job& job, AttemptNumber attempt, const std::string& worker) {
  job.unreported[attempt] = worker;
  if (job.unreported.size() > Job::kUnreported) job.unreported.erase(job.unreported.begin());
}

void Ledger::on(const Change&, const AttemptLost& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  job.losses = body.losses;
  await_late_outcome(job, body.attempt, body.worker);
  set_state(body.job, job, State::Queued);
  enter_queue_if_ready(body.job, job);
}

void Ledger::on(const Change&, const AttemptEnded& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  job.failures = body.failures;
  set_state(body.job, job, State::Queued);
  job.worker.clear();
  enter_queue_if_ready(body.job,
                       job);  // a JobFinished follows in the same batch where it is decided
}

void Ledger::on(const Change&, const AttemptSuperseded& body) {
  job(body.job).unreported.erase(body.attempt);
}

void Ledger::on(const Change&, const CancelRequested& body) {
  job(body.job).cancel_requested = true;
}

void Ledger::on(const Change&, const JobFinished& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Queued);
  Build& build = builds_.at(job.build);
  leave_queue(body.job, job);
  leave_labels(build.repository_number, job.labels);
  job.passed = body.verdict == Verdict::Passed || body.verdict == Verdict::Flaky;
  set_state(body.job, job, State::Finished);
  --build.unfinished;
  --unfinished_count_;
  build.verdict = gravest(build.verdict, body.verdict);
  if (!job.passed) return;
  for (JobId waiting : waiting_for(body.job)) {
    Job& other = this->job(waiting);
    std::erase(other.needs, body.job);
    enter_queue_if_ready(waiting, other);
  }
}

void Ledger::on(const Change&, const BuildFinished& body) {
  auto build = builds_.find(body.build);
  SW_ASSERT(build != builds_.end() && build->second.unfinished == 0);
  leave_group(body.build);
  for (JobId job : build->second.jobs) jobs_.erase(job);
  builds_.erase(build);
}

void Ledger::on(const Change&, const HeadAdvanced&) {}  // only the store and the watchers need it

void Ledger::on(const Change&, const CursorSaved& body) { cursors_[body.name] = body.sequence; }
void Ledger::on(const Change&, const RepositoryPaused& body) {
  body.paused ? void(paused_.insert(body.repository)) : void(paused_.erase(body.repository));
  for (auto& [id, job] : jobs_) {
    if (builds_.at(job.build).repository != body.repository) continue;
    body.paused ? leave_queue(id, job) : enter_queue_if_ready(id, job);
  }
}

void Ledger::on(const Change&, const OutputStored& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.attempt == body.attempt && job.output_bytes == body.offset);
  job.output_bytes += body.size;
}

void Ledger::on(const Change&, const BuildRemoved& body) {
  SW_ASSERT(!builds_.contains(body.build) && body.build <= last_build_);
  for (RequestId request : body.requests) requests_.erase(request);
  forget_newest(body.build);
  const std::optional<uint32_t> repository = find_number(body.repository),
                                ref = find_number(body.ref);
  if (!repository || !ref) return;
  auto known = revisions_.find({*repository, *ref, body.revision});
  if (known != revisions_.end() && known->second == body.build) revisions_.erase(known);
}

const Job* Ledger::find_job(JobId id) const {
  auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

const Build* Ledger::find_build(BuildId id) const {
  auto found = builds_.find(id);
  return found == builds_.end() ? nullptr : &found->second;
}

std::optional<BuildId> Ledger::find_revision(const std::string& repository, const std::string& ref,
                                             const std::string& revision) const {
  std::optional<uint32_t> repository_number = find_number(repository),
                          ref_number = find_number(ref);
  if (!repository_number || !ref_number) return std::nullopt;
  auto found = revisions_.find({*repository_number, *ref_number, revision});
  return found == revisions_.end() ? std::nullopt : std::optional(found->second);
}

const TakenRequest* Ledger::find_request(RequestId request) const {
  auto found = requests_.find(request);
  return found == requests_.end() ? nullptr : &found->second;
}

std::vector<JobId> Ledger::leased_by(const std::string& worker) const {
  auto found = leased_.find(worker);
  return found == leased_.end() ? std::vector<JobId>{} : found->second;
}

std::vector<JobId> Ledger::running() const {
  std::vector<JobId> all;
  all.reserve(running_count_);
  for (const auto& [worker, jobs] : leased_) all.insert(all.end(), jobs.begin(), jobs.end());
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<JobId> Ledger::waiting_for(JobId id) const {
  std::vector<JobId> waiting;
  for (JobId other : builds_.at(jobs_.at(id).build).jobs) {
    const std::vector<JobId>& needs = jobs_.at(other).needs;
    if (std::find(needs.begin(), needs.end(), id) != needs.end()) waiting.push_back(other);
  }
  return waiting;
}

void Ledger::hold_back(JobId id) { leave_queue(id, job(id)); }

void Ledger::release(JobId id, UnixMillis at) {
  at_ = at;
  const auto found = jobs_.find(id);
  if (found != jobs_.end()) enter_queue_if_ready(id, found->second);
}

Job& Ledger::job(JobId id) {
  auto found = jobs_.find(id);
  SW_ASSERT(found != jobs_.end());
  return found->second;
}

void Ledger::set_state(JobId id, Job& job, State state) {
  if (job.state == State::Running) {
    --running_count_;
    ready_.ended(builds_.at(job.build).repository_number, job.labels);
    std::vector<JobId>& leased = leased_[job.worker];
    std::erase(leased, id);
    if (leased.empty()) leased_.erase(job.worker);
  }
  job.state = state;
  if (state != State::Running) return;
  ++running_count_;
  ready_.started(builds_.at(job.build).repository_number, job.labels);
  leased_[job.worker].push_back(id);
}

void Ledger::remember_revision(const std::string& repository, const std::string& ref,
                               const std::string& revision, BuildId build) {
  revisions_[{number_of(repository), number_of(ref), revision}] = build;
}

uint32_t Ledger::number_of(const std::string& name) {
  return numbers_.emplace(name, static_cast<uint32_t>(numbers_.size())).first->second;
}

std::optional<uint32_t> Ledger::find_number(const std::string& name) const {
  auto found = numbers_.find(name);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace seaworthy::broker
