// What watchers and people ask: one function per message.
#include <algorithm>
#include <set>
#include <utility>

#include "broker/core/core.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// Commits below a tip that are told apart in the order.
constexpr uint64_t kDeepestCommit = 0xff'ffff;

bool is_label(const std::string& text) {
  return !text.empty() && text.size() <= limits::kNameBytes &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<std::string> what_is_wrong(const JobSpec& spec, const std::set<std::string>& names) {
  if (spec.name.empty() || spec.name.size() > limits::kNameBytes)
    return "a job's name has 1 to " + std::to_string(limits::kNameBytes) + " bytes";
  if (spec.steps.empty() || spec.steps.size() > limits::kStepsPerJob)
    return "job " + spec.name + " must have 1 to " + std::to_string(limits::kStepsPerJob) +
           " steps";
  if (spec.timeout <= Duration{0} || spec.timeout > limits::kLongestTimeout)
    return "job " + spec.name + " needs a time-out above 0 and of at most 24 hours";
  if (spec.runs_on.size() > limits::kLabels || spec.runs_on != sorted(spec.runs_on) ||
      !std::all_of(spec.runs_on.begin(), spec.runs_on.end(), is_label))
    return "runs_on of job " + spec.name + " must have at most " + std::to_string(limits::kLabels) +
           " labels, sorted and each once, of 1 to " + std::to_string(limits::kNameBytes) +
           " bytes without control characters";
  for (const std::string& need : spec.needs)
    if (!names.contains(need))
      return "job " + spec.name + " needs " + need + ", which is not in its pipeline";
  return std::nullopt;
}

// Jobs whose needs are all placed are placed, until nothing moves: what is left waits for itself.
bool has_cycle(const std::vector<JobSpec>& jobs) {
  std::set<std::string> placed;
  for (bool moved = true; moved;) {
    moved = false;
    for (const JobSpec& job : jobs) {
      const bool ready =
          std::all_of(job.needs.begin(), job.needs.end(),
                      [&](const std::string& need) { return placed.contains(need); });
      if (ready && placed.insert(job.name).second) moved = true;
    }
  }
  return placed.size() != jobs.size();
}

std::optional<std::string> what_is_wrong(const Pipeline& pipeline) {
  if (pipeline.decided) {
    const Verdict verdict = pipeline.decided->verdict;
    if (verdict == Verdict::Failed || verdict == Verdict::Skipped) return std::nullopt;
    return "only Failed and Skipped can be decided without running";
  }
  if (pipeline.jobs.empty() || pipeline.jobs.size() > limits::kJobsPerBuild)
    return "a pipeline has 1 to " + std::to_string(limits::kJobsPerBuild) + " jobs";
  std::set<std::string> names;
  for (const JobSpec& job : pipeline.jobs)
    if (!names.insert(job.name).second) return "two jobs are called " + job.name;
  for (const JobSpec& job : pipeline.jobs)
    if (auto wrong = what_is_wrong(job, names)) return wrong;
  if (has_cycle(pipeline.jobs)) return "jobs need each other in a circle";
  if (pipeline.concurrency && pipeline.concurrency->group.size() > limits::kRepositoryBytes)
    return "the name of a concurrency group has at most " +
           std::to_string(limits::kRepositoryBytes) + " bytes";
  return std::nullopt;
}

std::optional<std::string> what_is_wrong(const wire::Submit& m) {
  if (!m.request) return "request is missing";
  if (m.repository.empty() || m.repository.size() > limits::kRepositoryBytes)
    return "repository has a wrong length";
  if (m.ref.empty() || m.ref.size() > limits::kRepositoryBytes) return "ref has a wrong length";
  if (m.revisions.empty() || m.revisions.size() > limits::kSubmitRevisions)
    return "it carries 1 to " + std::to_string(limits::kSubmitRevisions) + " revisions";
  for (const wire::Candidate& candidate : m.revisions) {
    if (!Revision::parse(candidate.revision))
      return "'" + candidate.revision.substr(0, 80) + "' is not a revision";
    if (candidate.pipeline >= m.pipelines.size())
      return "a revision names a pipeline that is not there";
  }
  for (const Pipeline& pipeline : m.pipelines)
    if (auto wrong = what_is_wrong(pipeline)) return wrong;
  return std::nullopt;
}

// FNV-1a: tells an honest repetition of a request from a mistaken one; not a defence.
uint64_t digest_of(const wire::Submit& m) {
  uint64_t hash = 0xcbf29ce484222325;
  auto add = [&hash](const std::string& text) {
    for (char byte : text + '\0') hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  };
  add(m.repository), add(m.ref), add(m.tip), add(m.again ? "again" : "");
  for (const wire::Candidate& candidate : m.revisions) add(candidate.revision);
  return hash;
}

const std::string& group_name(const Pipeline& pipeline, const std::string& ref) {
  return pipeline.concurrency->group.empty() ? ref : pipeline.concurrency->group;
}

std::vector<NewJob> number_jobs(const Pipeline& pipeline, JobId last) {
  std::map<std::string, JobId> ids;
  std::vector<NewJob> jobs;
  if (pipeline.decided) {
    JobSpec nothing;
    nothing.name = "pipeline";
    return {{JobId{last.value + 1}, nothing.name, {}, nothing}};
  }
  for (const JobSpec& spec : pipeline.jobs) {
    last = JobId{last.value + 1};
    ids[spec.name] = last;
  }
  for (const JobSpec& spec : pipeline.jobs) {
    NewJob& job = jobs.emplace_back(NewJob{ids[spec.name], spec.name, {}, spec});
    for (const std::string& need : spec.needs)
      if (std::find(job.needs.begin(), job.needs.end(), ids[need]) == job.needs.end())
        job.needs.push_back(ids[need]);
  }
  return jobs;
}

}  // namespace

void Core::on_message(const wire::Submit& m) {
  auto refuse = [this](wire::ErrorCode code, const std::string& why, bool retryable) {
    answer(wire::Error{code, "Submit refused: " + why, retryable, retryable ? 5'000u : 0u});
  };
  if (auto wrong = what_is_wrong(m)) return refuse(wire::ErrorCode::BadMessage, *wrong, false);
  const uint64_t digest = digest_of(m);
  const TakenRequest* taken = ledger_.find_request(m.request);
  if (taken != nullptr && taken->digest != digest)
    return refuse(wire::ErrorCode::Conflict, "this request id was used for other revisions", false);
  if (ledger_.unfinished_count() + m.revisions.size() * limits::kJobsPerBuild > limits::kQueuedJobs)
    return refuse(wire::ErrorCode::Overloaded, "the queue is full", true);

  if (const std::string full = asks_for_too_many_labels(m); !full.empty())
    return refuse(wire::ErrorCode::Overloaded, full, true);
  if (!has_space_) return refuse(wire::ErrorCode::Overloaded, no_space(), true);

  wire::SubmitOk ok;
  ok.builds.resize(m.revisions.size());
  if (taken != nullptr && m.again) {
    for (size_t i = 0; i < m.revisions.size(); ++i)
      ok.builds[i] = {m.revisions[i].revision,
                      BuildId{taken->first_build.value + m.revisions.size() - 1 - i}, true};
    return answer(std::move(ok));
  }
  const BuildId before = ledger_.last_build();
  // From the back, the oldest first, so that build numbers grow with the history.
  for (size_t i = m.revisions.size(); i-- > 0;) submit_revision(m, m.revisions[i], ok.builds[i]);
  const bool made_some = ledger_.last_build() != before;
  if (taken == nullptr)
    decide(RequestTaken{m.request, digest,
                        made_some ? BuildId{before.value + 1} : ok.builds.back().build});
  answer(std::move(ok));
}

void Core::submit_revision(const wire::Submit& submit, const wire::Candidate& candidate,
                           wire::SubmittedBuild& result) {
  result.revision = candidate.revision;
  if (!submit.again) {
    if (auto existing = ledger_.find_revision(submit.repository, submit.ref, candidate.revision)) {
      result.build = *existing;
      result.duplicate = true;
      if (ledger_.find_build(*existing) == nullptr) asked_for_[*existing] = moment_.now;
      return;
    }
  }
  const Pipeline& pipeline = submit.pipelines[candidate.pipeline];
  result.build = {ledger_.last_build().value + 1};
  BuildSubmitted submitted;
  submitted.build = result.build;
  submitted.rank = push_number(submit) << 24 |
                   (kDeepestCommit - std::min<uint64_t>(candidate.depth, kDeepestCommit));
  submitted.repository = submit.repository;
  submitted.ref = submit.ref;
  submitted.revision = candidate.revision;
  submitted.subject = candidate.subject.substr(0, limits::kSubjectBytes);
  submitted.author = candidate.author.substr(0, limits::kSubjectBytes);
  submitted.again = submit.again;
  if (pipeline.concurrency) {
    submitted.group = group_name(pipeline, submit.ref);
    submitted.ends_older = pipeline.concurrency->cancel_in_progress;
  }
  submitted.jobs = number_jobs(pipeline, ledger_.last_job());
  const JobId first = submitted.jobs.front().job;
  decide(std::move(submitted));
  if (pipeline.decided)
    finish(first, pipeline.decided->verdict, {}, pipeline.decided->explanation);
  else
    make_way_in_group(result.build);
}

// A build that is to end the older ones of its group does so, or a newer one has done so before it.
void Core::make_way_in_group(BuildId id) {
  const Build& build = *ledger_.find_build(id);
  const Group* group = ledger_.group_of(build);
  if (group == nullptr || !group->newest) return;
  const std::string reason = "build " + std::to_string(group->newest.value) +
                             ", which is newer, has the concurrency group " + group->name +
                             ", where a newer build ends the older ones";
  std::vector<BuildId> older;
  for (const auto& [rank, one] : group->builds) {
    if (rank >= group->newest_rank) break;
    older.push_back(one);
  }
  for (BuildId one : older) cancel_build(one, reason);
}

void Core::cancel_build(BuildId id, const std::string& reason) {
  const std::vector<JobId> jobs = ledger_.find_build(id)->jobs();
  for (JobId one : jobs) {
    const Job* job = ledger_.find_job(one);  // ending one may end the build
    if (job != nullptr && job->state != State::Finished && !job->cancel_requested)
      cancel_job(one, reason);
  }
}

// Says what is full; nothing if there is room. One repository cannot take all of it.
std::string Core::asks_for_too_many_labels(const wire::Submit& submit) const {
  std::set<Labels> unknown, new_here;
  for (const Pipeline& pipeline : submit.pipelines)
    for (const JobSpec& job : pipeline.jobs) {
      const std::optional<LabelSetId> known = ledger_.label_sets().find(job.runs_on);
      if (!known) unknown.insert(job.runs_on);
      if (!known || !ledger_.asks_for(submit.repository, *known)) new_here.insert(job.runs_on);
    }
  auto full = [](const std::string& whose, size_t most) {
    return "unfinished jobs" + whose + " ask for " + std::to_string(most) +
           " different sets of labels (runs-on) already: wait until some of them are done";
  };
  if (!new_here.empty() &&
      ledger_.label_sets_of(submit.repository) + new_here.size() > limits::kLabelSetsPerRepository)
    return full(" of " + submit.repository, limits::kLabelSetsPerRepository);
  if (!unknown.empty() && ledger_.label_sets().in_use() + unknown.size() >= limits::kLabelSets)
    return full("", limits::kLabelSets);
  return {};
}

// Submits of one push share a number; the next push, also of another repository, has a greater one.
// What comes after a restart, or after somebody else's submit, is known by its tip: or the rest of
// a push would pass for newer than its tip, and might even end it.
uint64_t Core::push_number(const wire::Submit& submit) {
  Push& push = pushes_[submit.repository];
  if (push.number != 0 && push.ref == submit.ref && push.tip == submit.tip) return push.number;
  const std::optional<uint64_t> known = submit.again ? std::nullopt : rank_of_tip(submit);
  push = {submit.ref, submit.tip, known ? *known >> 24 : ++last_push_};
  return push.number;
}

// Where it matters: while the tip is not finished, or is the newest of its concurrency group.
std::optional<uint64_t> Core::rank_of_tip(const wire::Submit& submit) const {
  const auto tip = ledger_.find_revision(submit.repository, submit.ref, submit.tip);
  if (!tip) return std::nullopt;
  if (const Build* build = ledger_.find_build(*tip)) return build->rank;
  for (const Pipeline& pipeline : submit.pipelines) {
    if (!pipeline.concurrency) continue;
    const Group* group = ledger_.find_group(submit.repository, group_name(pipeline, submit.ref));
    if (group != nullptr && group->newest == *tip) return group->newest_rank;
  }
  return std::nullopt;
}

void Core::on_message(const wire::AdvanceHead& m) {
  if (m.repository.empty() || m.ref.empty() ||
      (!m.revision.empty() && !Revision::parse(m.revision)))
    return answer(wire::Error{wire::ErrorCode::BadMessage,
                              "AdvanceHead refused: it names a repository, a ref and a revision",
                              false, 0});
  decide(HeadAdvanced{m.repository, m.ref, m.revision});
  answer(wire::Ok{});
}

// The last word of a name counts, also when it goes back: the store may have been restored since.
void Core::on_message(const wire::SaveCursor& m) {
  const auto refuse = [this](wire::ErrorCode code, const std::string& why) {
    answer(wire::Error{code, "SaveCursor refused: " + why, false, 0});
  };
  const std::map<std::string, EventSequence>& cursors = ledger_.cursors();
  if (!is_label(m.name))
    return refuse(wire::ErrorCode::BadMessage, "the name of a cursor has 1 to " +
                                                   std::to_string(limits::kNameBytes) +
                                                   " bytes without control characters");
  if (m.sequence > ledger_.last_sequence())
    return refuse(wire::ErrorCode::BadMessage,
                  "there is no event " + std::to_string(m.sequence.value) + " yet");
  if (cursors.size() >= limits::kCursors && !cursors.contains(m.name))
    return refuse(wire::ErrorCode::Refused,
                  "there are " + std::to_string(cursors.size()) +
                      " cursors already, none is free for '" + m.name +
                      "': use the name of one that is not needed any longer");
  decide(CursorSaved{m.name, m.sequence});
  answer(wire::Ok{});
}

void Core::on_message(const wire::FetchCursor& m) {
  const auto found = ledger_.cursors().find(m.name);
  wire::Cursor cursor;
  if (found != ledger_.cursors().end()) cursor.sequence = found->second;
  answer(cursor);
}

void Core::on_message(const wire::Cancel& m) {
  std::vector<JobId> jobs;
  if (const Build* build = ledger_.find_build(m.build)) jobs = build->jobs();
  if (ledger_.find_job(m.job) != nullptr) jobs = {m.job};
  if (jobs.empty() && m.build > ledger_.last_build())
    return answer(wire::Error{wire::ErrorCode::NotFound,
                              "Cancel refused: there is no build " + std::to_string(m.build.value),
                              false, 0});
  if (jobs.empty() && m.job > ledger_.last_job())
    return answer(wire::Error{wire::ErrorCode::NotFound,
                              "Cancel refused: there is no job " + std::to_string(m.job.value),
                              false, 0});
  wire::CancelOk ok;
  for (JobId id : jobs) {
    const Job* job = ledger_.find_job(id);  // ending one may end the build
    if (job == nullptr || job->state == State::Finished) continue;
    ++ok.cancelled;
    cancel_job(id, m.reason.empty() ? "cancelled" : m.reason.substr(0, limits::kDetailBytes));
  }
  answer(ok);
}

void Core::cancel_job(JobId id, const std::string& reason) {
  const Job& job = *ledger_.find_job(id);
  if (!job.cancel_requested) decide(CancelRequested{id, reason});
  if (job.state == State::Queued) return finish(id, Verdict::Cancelled, {}, reason);
  if (const Session* session = roster_.find(job.past().worker);
      session != nullptr && session->boot == job.past().boot)
    tell(session->peer, wire::CancelAttempt{epoch_, job.past().boot, id, job.attempt});
}

}  // namespace seaworthy::broker
