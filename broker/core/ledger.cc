#include "broker/core/ledger.h"

#include <algorithm>

#include "shared/base/assert.h"

namespace seaworthy::broker {
namespace {

void forget_needs(Job& job, const auto& which) {
  if (!job.needs_if_any) return;
  std::erase_if(*job.needs_if_any, which);
  if (job.needs_if_any->empty()) job.needs_if_any.reset();
}

}  // namespace

const Job::Past& Job::past() const {
  static const Past kNone;
  return past_if_any ? *past_if_any : kNone;
}

const std::vector<JobId>& Job::needs() const {
  static const std::vector<JobId> kNone;
  return needs_if_any ? *needs_if_any : kNone;
}

std::vector<JobId> Build::jobs() const {
  std::vector<JobId> all;
  all.reserve(job_count);
  for (uint32_t i = 0; i < job_count; ++i) all.push_back({first_job.value + i});
  return all;
}

void Ledger::recover(Recovered recovered) {
  last_build_ = recovered.last_build;
  last_job_ = recovered.last_job;
  last_sequence_ = recovered.last_sequence;
  last_rank_ = recovered.last_rank;
  cursors_ = std::move(recovered.cursors);
  paused_.insert(recovered.paused.begin(), recovered.paused.end());
  names_ = std::move(recovered.names);
  job_names_ = std::move(recovered.job_names);
  requests_.reserve(recovered.requests.size());
  for (const auto& [id, request] : recovered.requests) requests_.emplace(id, request);
  recover_builds(recovered);
  recover_jobs(recovered);
}

void Ledger::recover_builds(const Recovered& recovered) {
  revisions_.reserve(recovered.known.size() + recovered.builds.size());
  for (const auto& [commit, build] : recovered.known) revisions_[commit] = build;
  for (const auto& [id, from] : recovered.builds) {
    Build& build = builds_.add(id);
    build.rank = from.rank;
    build.running = from.running;
    build.verdict = from.verdict;
    build.commit = keep_commit(id, from.commit, from.again);
  }
  for (const Recovered::Newest& newest : recovered.newest) {
    const GroupNumber group = group_number(names_.number(newest.repository), newest.group);
    set_newest(group, newest.build, newest.rank);
  }
  for (const Recovered::InGroup& one : recovered.groups) enter_group(one.build, one.name);
}

void Ledger::recover_jobs(Recovered& recovered) {
  auto past = recovered.pasts.begin();
  for (auto& [id, from] : recovered.jobs) {
    Build& build = builds_.at(from.build);
    Job& job = add_job(id, from.build, build, std::move(from.needs));
    job.name = from.name;
    job.state = from.state;
    job.cancel_requested = from.cancel_requested;
    job.passed = from.passed;
    job.priority = from.priority;
    job.attempt = from.attempt;
    if (past != recovered.pasts.end() && past->first == id)
      job.past_if_any = std::make_unique<Job::Past>(std::move((past++)->second));
    if (from.state == State::Finished) continue;
    ++build.unfinished;
    ++unfinished_count_;
    job.labels = enter_labels(build.commit->repository, recovered.label_sets.at(from.labels.value));
  }
  SW_ASSERT(past == recovered.pasts.end());
  for (auto [id, job] : jobs_) {
    forget_needs(job, [this](JobId need) { return jobs_.at(need).passed; });
    if (job.state == State::Queued) enter_queue_if_ready(id, job);
    if (job.state != State::Running) continue;
    ready_.started(builds_.at(job.build).commit->repository, job.labels);
    ++running_count_;
    leased_[job.past().worker].push_back(id);
  }
}

Job& Ledger::add_job(JobId id, BuildId build_id, Build& build, std::vector<JobId> needs) {
  if (build.job_count == 0) build.first_job = id;
  SW_ASSERT(id.value == build.first_job.value + build.job_count);
  ++build.job_count;
  Job& job = jobs_.add(id);
  job.build = build_id;
  if (!needs.empty()) job.needs_if_any = std::make_unique<std::vector<JobId>>(std::move(needs));
  return job;
}

// A build that was asked for again does not hold its commit, and keeps its own.
const Commit* Ledger::keep_commit(BuildId id, const Commit& commit, bool again) {
  if (again) return &(commits_of_again_[id] = commit);
  return &revisions_.insert_or_assign(commit, id).first->first;
}

Job::Past& Ledger::past_of(Job& job) {
  if (!job.past_if_any) job.past_if_any = std::make_unique<Job::Past>();
  return *job.past_if_any;
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
  const Commit commit = commit_of(body.repository, body.ref, body.revision);
  Build& build = builds_.add(body.build);
  build.rank = body.rank;
  build.commit = keep_commit(body.build, commit, body.again);
  if (!body.group.empty()) enter_group(body.build, body.group);
  if (!body.group.empty() && body.ends_older) set_newest(build.group, body.build, body.rank);
  build.unfinished = static_cast<uint32_t>(body.jobs.size());
  unfinished_count_ += body.jobs.size();
  for (const NewJob& added : body.jobs) {
    SW_ASSERT(added.job > last_job_);
    last_job_ = added.job;
    Job& job = add_job(added.job, body.build, build, added.needs);
    job.name = job_names_.enter(added.name);
    job.labels = enter_labels(build.commit->repository, added.specification.runs_on);
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
  Job::Past& past = past_of(job);
  past.worker = body.worker;
  past.boot = body.boot;
  past.assigned = change.at;
  past.output_bytes = 0;
  set_state(body.job, job, State::Running);
  ready_.served(builds_.at(job.build).commit->repository);
  hold_group(job.build);
}

void Ledger::on(const Change&, const AttemptReattached& body) {
  past_of(job(body.job)).boot = body.boot;
}

void Ledger::on(const Change&, const AttemptAdopted& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Queued && job.attempt == body.attempt &&
            job.past().worker == body.worker);
  leave_queue(body.job, job);
  past_of(job).boot = body.boot;
  past_of(job).unreported.erase(body.attempt);
  set_state(body.job, job, State::Running);
}

void Ledger::on(const Change&, const AttemptReturned& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  await_late_outcome(job, body.attempt, body.worker);
  set_state(body.job, job, State::Queued);
  past_of(job).worker.clear();  // it said that it does not run it: nothing to adopt
  enter_queue_if_ready(body.job, job);
}

void Ledger::await_late_outcome(Job& job, AttemptNumber attempt, const std::string& worker) {
  auto& unreported = past_of(job).unreported;
  unreported[attempt] = worker;
  if (unreported.size() > Job::Past::kUnreported) unreported.erase(unreported.begin());
}

void Ledger::on(const Change&, const AttemptLost& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  past_of(job).losses = body.losses;
  await_late_outcome(job, body.attempt, body.worker);
  set_state(body.job, job, State::Queued);
  enter_queue_if_ready(body.job, job);
}

void Ledger::on(const Change&, const AttemptEnded& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Running && job.attempt == body.attempt);
  past_of(job).failures = body.failures;
  set_state(body.job, job, State::Queued);
  past_of(job).worker.clear();
  enter_queue_if_ready(body.job,
                       job);  // a JobFinished follows in the same batch where it is decided
}

void Ledger::on(const Change&, const AttemptSuperseded& body) {
  past_of(job(body.job)).unreported.erase(body.attempt);
}

void Ledger::on(const Change&, const CancelRequested& body) {
  job(body.job).cancel_requested = true;
}

void Ledger::on(const Change&, const JobFinished& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.state == State::Queued);
  Build& build = builds_.at(job.build);
  leave_queue(body.job, job);
  leave_labels(build.commit->repository, job.labels);
  job.passed = body.verdict == Verdict::Passed || body.verdict == Verdict::Flaky;
  set_state(body.job, job, State::Finished);
  --build.unfinished;
  --unfinished_count_;
  build.verdict = gravest(build.verdict, body.verdict);
  if (!job.passed) return;
  for (JobId waiting : waiting_for(body.job)) {
    Job& other = this->job(waiting);
    forget_needs(other, [&](JobId need) { return need == body.job; });
    enter_queue_if_ready(waiting, other);
  }
}

void Ledger::on(const Change&, const BuildFinished& body) {
  const Build& build = builds_.at(body.build);
  SW_ASSERT(build.unfinished == 0);
  leave_group(body.build);
  for (JobId job : build.jobs()) {
    job_names_.leave(jobs_.at(job).name);
    jobs_.erase(job);
  }
  builds_.erase(body.build);
  commits_of_again_.erase(body.build);
}

void Ledger::on(const Change&, const HeadAdvanced&) {}  // only the store and the watchers need it

void Ledger::on(const Change&, const CursorSaved& body) { cursors_[body.name] = body.sequence; }
void Ledger::on(const Change&, const RepositoryPaused& body) {
  body.paused ? void(paused_.insert(body.repository)) : void(paused_.erase(body.repository));
  const std::optional<uint32_t> repository = names_.find(body.repository);
  for (auto [id, job] : jobs_) {
    if (builds_.at(job.build).commit->repository != repository) continue;
    body.paused ? leave_queue(id, job) : enter_queue_if_ready(id, job);
  }
}

void Ledger::on(const Change&, const OutputStored& body) {
  Job& job = this->job(body.job);
  SW_ASSERT(job.attempt == body.attempt && job.past().output_bytes == body.offset);
  past_of(job).output_bytes += body.size;
}

void Ledger::on(const Change&, const BuildRemoved& body) {
  SW_ASSERT(!builds_.contains(body.build) && body.build <= last_build_);
  for (RequestId request : body.requests) requests_.erase(request);
  forget_newest(body.build);
  const std::optional<Commit> commit = find_commit(body.repository, body.ref, body.revision);
  const auto known = commit ? revisions_.find(*commit) : revisions_.end();
  if (known != revisions_.end() && known->second == body.build) revisions_.erase(known);
}

const Job* Ledger::find_job(JobId id) const { return jobs_.find(id); }

const Build* Ledger::find_build(BuildId id) const { return builds_.find(id); }

std::optional<BuildId> Ledger::find_revision(const std::string& repository, const std::string& ref,
                                             const std::string& revision) const {
  const std::optional<Commit> commit = find_commit(repository, ref, revision);
  const auto found = commit ? revisions_.find(*commit) : revisions_.end();
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
  for (JobId other : builds_.at(jobs_.at(id).build).jobs()) {
    const std::vector<JobId>& needs = jobs_.at(other).needs();
    if (std::find(needs.begin(), needs.end(), id) != needs.end()) waiting.push_back(other);
  }
  return waiting;
}

void Ledger::hold_back(JobId id) { leave_queue(id, job(id)); }

void Ledger::release(JobId id, UnixMillis at) {
  at_ = at;
  if (Job* job = jobs_.find(id)) enter_queue_if_ready(id, *job);
}

Job& Ledger::job(JobId id) { return jobs_.at(id); }

void Ledger::set_state(JobId id, Job& job, State state) {
  if (job.state == State::Running) {
    --running_count_;
    ready_.ended(builds_.at(job.build).commit->repository, job.labels);
    std::vector<JobId>& leased = leased_[job.past().worker];
    std::erase(leased, id);
    if (leased.empty()) leased_.erase(job.past().worker);
  }
  job.state = state;
  if (state != State::Running) return;
  ++running_count_;
  ready_.started(builds_.at(job.build).commit->repository, job.labels);
  leased_[job.past().worker].push_back(id);
}

Commit Ledger::commit_of(const std::string& repository, const std::string& ref,
                         const std::string& revision) {
  const std::optional<Revision> bytes = Revision::parse(revision);
  SW_ASSERT(bytes);
  return {names_.number(repository), names_.number(ref), *bytes};
}

// Nothing if one of its names was never heard of.
std::optional<Commit> Ledger::find_commit(const std::string& repository, const std::string& ref,
                                          const std::string& revision) const {
  const std::optional<uint32_t> repository_number = names_.find(repository),
                                ref_number = names_.find(ref);
  const std::optional<Revision> bytes = Revision::parse(revision);
  if (!repository_number || !ref_number || !bytes) return std::nullopt;
  return Commit{*repository_number, *ref_number, *bytes};
}

const std::string& Ledger::repository_of(const Build& build) const {
  return names_.name(build.commit->repository);
}

const std::string& Ledger::ref_of(const Build& build) const {
  return names_.name(build.commit->ref);
}

}  // namespace seaworthy::broker
