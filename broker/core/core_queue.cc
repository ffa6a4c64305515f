// Who gets which job, and why a job waits.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

std::string with_labels(const Labels& labels) {
  return labels.empty() ? "" : " with the labels " + joined(labels);
}

// As a shell takes it for one word: labels are what a pipeline file says, and people paste this.
std::string quoted(const std::string& label) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=+:,/@%";
  if (label.find_first_not_of(kPlain) == std::string::npos) return label;
  std::string text = "'";
  for (char c : label) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

std::string minutes_of(Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds) + " s";
}

}  // namespace

const char* Core::no_space() {
  return "the broker's disk is nearly full: it takes no new work until there is room";
}

void Core::dispatch() {
  if (!has_space_) return;
  while (std::optional<LabelSetId> labels = next_to_hand_out())
    assign(*roster_.idle(*labels), ledger_.ready().next(*labels)->entry.job);
}

// The labels of the job that is to be handed out now: the first for which there is an idle worker.
std::optional<LabelSetId> Core::next_to_hand_out() const {
  std::optional<LabelSetId> labels;
  if (ledger_.ready().empty() || !roster_.has_idle()) return labels;
  std::optional<ReadyQueue::Next> first;
  for (LabelSetId id{0}; id.value < ledger_.label_sets().size(); ++id.value) {
    if (!roster_.has_idle(id)) continue;
    const std::optional<ReadyQueue::Next> next = ledger_.ready().next(id);
    if (next && (!first || *next < *first)) first = next, labels = id;
  }
  return labels;
}

void Core::assign(Session& session, JobId id) {
  const Job& job = *ledger_.find_job(id);
  const Build& build = *ledger_.find_build(job.build);
  roster_.set_slots(session, session.slots - 1);
  std::optional<Duration> waited;
  if (job.ready_since)
    waited = Duration{std::max<int64_t>(0, moment_.wall.value - job.ready_since.value)};
  decide(AttemptAssigned{id, job.build, AttemptNumber{job.attempt.value + 1}, session.worker,
                         session.boot, waited});
  leases_.set(id, {moment_.now + options_.timing.accept, /*accepted=*/false});
  effects_.messages.push_back({session.peer, 0,
                               wire::Assign{epoch_,
                                            session.boot,
                                            id,
                                            job.attempt,
                                            job.build,
                                            ledger_.repository_of(build),
                                            ledger_.ref_of(build),
                                            build.commit->revision.text(),
                                            {}},
                               /*needs_specification=*/true});
}

void Core::release_held_back() {
  while (std::optional<JobId> job = held_back_.take_due(moment_.now))
    ledger_.release(*job, moment_.wall);
}

// What changed in the ledger, and is of interest to those who watch over workers and labels.
void Core::follow_ledger() {
  for (LabelSetId id : ledger_.take_new_label_sets()) {
    roster_.learn(id, ledger_.label_sets().labels(id));
    unmatched_.learn(id, ledger_.label_sets().labels(id), roster_.fitting(id) > 0);
  }
  for (JobId id : ledger_.take_moved()) {
    const Job* job = ledger_.find_job(id);
    const bool waits = job != nullptr && job->ready && unmatched_.is_unseen(job->labels);
    if (waits && options_.unmatched_timeout > Duration{0})
      unmatched_.wait(id, job->labels, moment_.now);
    else
      unmatched_.drop(id);
  }
}

// A bounded number in one step: the deadline stays due, and the next step goes on.
void Core::give_up_unmatched() {
  for (size_t i = 0; i < limits::kGivenUpAtOnce; ++i) {
    const std::optional<JobId> id = unmatched_.due(moment_.now, options_.unmatched_timeout);
    if (!id) return;
    const Labels labels = ledger_.label_sets().labels(ledger_.find_job(*id)->labels);
    finish(*id, Verdict::Inconclusive, {},
           "in " + minutes_of(options_.unmatched_timeout) + " no worker came that could run it: " +
               why_unmatched(labels) + ", and then `seaworthy retry`");
  }
}

uint64_t Core::demand(const Labels& worker) const {
  if (!has_space_) return 0;
  uint64_t jobs = 0;
  for (LabelSetId id{0}; id.value < ledger_.label_sets().size(); ++id.value)
    if (has_all(worker, ledger_.label_sets().labels(id))) jobs += ledger_.ready().size(id);
  return jobs;
}

void Core::on_message(const wire::QueueStatus& m) {
  wire::QueueStatusOk ok;
  ok.running_count = ledger_.running_count();
  ok.waiting_count = ledger_.unfinished_count() - ledger_.running_count();
  ok.worker_count = roster_.size();
  const size_t limit = std::min<size_t>(m.limit, limits::kListRows);
  size_t bytes = 0;
  for (JobId id : ledger_.running()) {
    const Job& job = *ledger_.find_job(id);
    const Build& build = *ledger_.find_build(job.build);
    bytes += kRowBytes + ledger_.repository_of(build).size() + job.past().worker.size();
    if (ok.running.size() >= limit || bytes > limits::kReplyBytes / 2) break;
    ok.running.push_back({id, job.attempt, job.build, ledger_.repository_of(build),
                          build.commit->revision.text(), ledger_.name_of(job), job.past().worker,
                          job.past().assigned});
  }
  list_waiting(limit, limits::kReplyBytes * 3 / 4 - std::min(bytes, limits::kReplyBytes / 2), ok);
  list_unmatched(limit, ok);
  list_paused(ok);
  answer(std::move(ok));
}

// Those that a connected worker could take, in the order in which they would be handed out; then
// those for which there is none, those behind their concurrency group, those that wait for others.
void Core::list_waiting(size_t limit, size_t bytes, wire::QueueStatusOk& ok) const {
  auto list = [&](JobId id) {
    const Job& job = *ledger_.find_job(id);
    const Build& build = *ledger_.find_build(job.build);
    std::string why = why_waiting(id);
    const size_t row_bytes = kRowBytes + ledger_.repository_of(build).size() + why.size();
    if (ok.waiting.size() >= limit || row_bytes > bytes) return false;
    bytes -= row_bytes;
    ok.waiting.push_back({id, job.build, ledger_.repository_of(build),
                          build.commit->revision.text(), ledger_.name_of(job), std::move(why)});
    return true;
  };
  auto list_all = [&](const std::vector<JobId>& jobs) {
    return std::all_of(jobs.begin(), jobs.end(), list) && ok.waiting.size() < limit;
  };
  auto is_served = [this](LabelSetId id) { return roster_.fitting(id) > 0; };
  auto is_not_served = [this](LabelSetId id) { return roster_.fitting(id) == 0; };
  if (!list_all(ledger_.ready().in_order(limit, is_served))) return;
  if (!list_all(ledger_.ready().in_order(limit - ok.waiting.size(), is_not_served))) return;
  if (!list_all(ledger_.behind_their_group(limit - ok.waiting.size()))) return;
  for (const auto& [id, job] : ledger_.jobs())
    if (job.state == State::Queued && !job.ready && !list(id)) return;
}

void Core::list_unmatched(size_t limit, wire::QueueStatusOk& ok) const {
  size_t bytes = 0;
  for (LabelSetId id : unmatched_.unseen()) {
    const uint64_t count = ledger_.ready().size(id);
    if (count == 0) continue;
    const Labels& labels = ledger_.label_sets().labels(id);
    std::string why = why_unmatched(labels);
    bytes += kRowBytes + 2 * why.size();
    if (ok.unmatched.size() == limit || bytes > limits::kReplyBytes / 4) return;
    ok.unmatched.push_back({labels, count, std::move(why)});
  }
}

void Core::list_paused(wire::QueueStatusOk& ok) const {
  constexpr size_t kMostBytes = limits::kReplyBytes / 8;
  size_t bytes = 0;
  for (const std::string& repository : ledger_.paused()) {
    bytes += repository.size();
    if (bytes > kMostBytes) return;
    ok.paused.push_back(repository);
  }
}

std::string Core::why_waiting(JobId id) const {
  const Job* job = ledger_.find_job(id);
  if (job == nullptr || job->state != State::Queued) return {};
  if (!job->needs().empty()) {
    std::string names;
    for (JobId need : job->needs())
      names += (names.empty() ? "" : ", ") + ledger_.name_of(*ledger_.find_job(need));
    return "it needs " + names + ", which has not passed yet";
  }
  if (ledger_.is_paused(ledger_.repository_of(*ledger_.find_build(job->build))))
    return "its repository is paused: `seaworthy pause REPO --undo` lets its jobs run";
  if (held_back_.contains(id))
    return "its last attempt could not be run; it is tried again after a pause";
  if (unmatched_.is_unseen(job->labels))
    return why_unmatched(ledger_.label_sets().labels(job->labels));
  if (!has_space_) return no_space();
  const std::optional<BuildId> other = ledger_.stands_behind(id);
  const Group* group = ledger_.group_of(*ledger_.find_build(job->build));
  auto has_group = [&](const char* has) {
    return "build " + std::to_string(other->value) + has + " the concurrency group " + group->name;
  };
  if (other && group->holder) return has_group(" has");
  if (std::string why = why_no_worker(*job); !why.empty()) return why;
  return other ? has_group(" comes first in") : why_behind(id, *job);
}

std::string Core::why_unmatched(const Labels& labels) const {
  std::string text = "no worker that was ever seen has the labels " + joined(labels);
  if (const auto nearest = unmatched_.nearest(labels))
    text += " (" + nearest->worker + " lacks " + joined(nearest->missing) + ")";
  text += ": start one with `seaworthy-worker";
  for (const std::string& label : labels) text += " --label " + quoted(label);
  return text + "`";
}

// Empty if some worker would take it when it is free.
std::string Core::why_no_worker(const Job& job) const {
  const Labels& labels = ledger_.label_sets().labels(job.labels);
  if (roster_.fitting(job.labels) == 0) {
    if (labels.empty()) return "no worker is connected: start one with `seaworthy-worker`";
    const std::optional<std::string> away = unmatched_.who_had(labels);
    return "no worker" + with_labels(labels) + " is connected" +
           (away ? ": " + *away + ", which has them, is away" : "");
  }
  if (roster_.well(job.labels) > 0) return {};
  std::string sick;
  for (const auto& [name, peer] : roster_.by_worker()) {
    const Session& session = roster_.at(peer);
    if (!has_all(session.labels, labels)) continue;
    sick = name + " does not because " + session.reason;
    break;
  }
  return "no worker" + with_labels(labels) + " takes jobs: " + sick;
}

std::string Core::why_behind(JobId id, const Job& job) const {
  constexpr size_t kCounted = 100;  // beyond it "more than" is as good
  const ReadyQueue& queue = ledger_.ready();
  const size_t workers = roster_.fitting(job.labels);
  const std::string kind = with_labels(ledger_.label_sets().labels(job.labels));
  std::string text = workers == 1 ? "the only worker" + kind + " is"
                                  : "all " + std::to_string(workers) + " workers" + kind + " are";
  const std::optional<ReadyQueue::Next> next = queue.next(job.labels);
  if (next && next->entry.job == id) return text + " busy or not ready; it is next";
  const size_t before = queue.standing_before(ledger_.place_of(id, job), kCounted);
  text += " busy, and ";
  if (before == 0) text += "it is the next of its repository";
  if (before == 1) text += "1 job of its repository stands before it";
  if (before > 1)
    text += (before == kCounted ? "more than " : "") + std::to_string(before) +
            " jobs of its repository stand before it";
  const size_t repositories = queue.repositories(job.labels);
  return repositories < 2 ? text
                          : text + "; " + std::to_string(repositories) + " repositories take turns";
}

}  // namespace seaworthy::broker
