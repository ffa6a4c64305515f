// Which jobs stand in the ready queue: those that could be handed out, but for concurrency groups.
#include "broker/core/ledger.h"
#include "shared/base/assert.h"

namespace seaworthy::broker {

ReadyQueue::Place Ledger::place_of(JobId id, const Job& job) const {
  return place_of(id, job, builds_.at(job.build));
}

ReadyQueue::Place Ledger::place_of(JobId id, const Job& job, const Build& build) {
  return {job.labels, build.commit->repository, {job.priority, build.rank, id}};
}

LabelSetId Ledger::enter_labels(RepositoryNumber repository, const Labels& labels) {
  const LabelSetId id = label_sets_.enter(labels);
  ++asked_for_[repository][id];
  return id;
}

void Ledger::leave_labels(RepositoryNumber repository, LabelSetId labels) {
  label_sets_.leave(labels);
  const auto asked = asked_for_.find(repository);
  if (--asked->second.at(labels) == 0) asked->second.erase(labels);
  if (asked->second.empty()) asked_for_.erase(asked);
}

bool Ledger::asks_for(const std::string& repository, LabelSetId labels) const {
  const std::optional<RepositoryNumber> number = names_.find(repository);
  const auto asked = number ? asked_for_.find(*number) : asked_for_.end();
  return asked != asked_for_.end() && asked->second.contains(labels);
}

size_t Ledger::label_sets_of(const std::string& repository) const {
  const std::optional<RepositoryNumber> number = names_.find(repository);
  const auto asked = number ? asked_for_.find(*number) : asked_for_.end();
  return asked == asked_for_.end() ? 0 : asked->second.size();
}

const Group* Ledger::group_of(const Build& build) const {
  return build.group == 0 ? nullptr : &groups_.at(build.group);
}

const Group* Ledger::find_group(const std::string& repository, const std::string& name) const {
  const std::optional<uint32_t> number = names_.find(repository);
  if (!number) return nullptr;
  const auto found = group_numbers_.find({*number, name});
  return found == group_numbers_.end() ? nullptr : &groups_.at(found->second);
}

std::optional<BuildId> Ledger::stands_behind(JobId id) const {
  const Job& job = jobs_.at(id);
  const Group* group = group_of(builds_.at(job.build));
  if (group == nullptr || group->holder == job.build) return std::nullopt;
  if (group->holder) return group->holder;
  const auto waiting = group->waiting.find(job.labels);
  if (waiting == group->waiting.end() || !waiting->second.in_queue) return std::nullopt;
  const BuildId first = jobs_.at(waiting->second.in_queue->job).build;
  return first == job.build ? std::nullopt : std::optional(first);
}

std::vector<JobId> Ledger::behind_their_group(size_t most) const {
  std::vector<JobId> behind;
  for (const auto& [number, group] : groups_)
    for (const auto& [labels, waiting] : group.waiting)
      for (const ReadyQueue::Entry& entry : waiting.entries) {
        if (behind.size() == most) return behind;
        behind.push_back(entry.job);
      }
  return behind;
}

void Ledger::enter_queue_if_ready(JobId id, Job& job) {
  if (job.state != State::Queued || !job.needs().empty() || job.ready) return;
  const Build& build = builds_.at(job.build);
  if (!paused_.empty() && paused_.contains(repository_of(build))) return;
  job.ready = true;
  job.ready_since = at_;
  if (job.labels != kNoLabels) moved_.push_back(id);
  const ReadyQueue::Place place = place_of(id, job, build);
  if (build.group == 0) return ready_.add(place);
  Group& group = groups_.at(build.group);
  if (group.holder == job.build) return ready_.add(place);
  group.waiting[job.labels].entries.insert(place.entry);
  if (!group.holder) put_first_in_queue(group, job.labels);
}

void Ledger::leave_queue(JobId id, Job& job) {
  if (!job.ready) return;
  job.ready = false;
  if (job.labels != kNoLabels) moved_.push_back(id);
  const Build& build = builds_.at(job.build);
  const ReadyQueue::Place place = place_of(id, job, build);
  if (build.group == 0) return ready_.remove(place);
  Group& group = groups_.at(build.group);
  if (group.holder == job.build) return ready_.remove(place);
  Group::Waiting& waiting = group.waiting.at(job.labels);
  if (waiting.in_queue == place.entry) {
    ready_.remove(place);
    waiting.in_queue.reset();
  } else {
    waiting.entries.erase(place.entry);
  }
  if (!group.holder) put_first_in_queue(group, job.labels);
  if (waiting.entries.empty() && !waiting.in_queue) group.waiting.erase(job.labels);
}

void Ledger::put_first_in_queue(Group& group, LabelSetId labels) {
  Group::Waiting& waiting = group.waiting.at(labels);
  if (waiting.entries.empty()) return;
  const ReadyQueue::Entry first = *waiting.entries.begin();
  if (waiting.in_queue && ReadyQueue::Older()(*waiting.in_queue, first)) return;
  waiting.entries.erase(waiting.entries.begin());
  if (waiting.in_queue) {
    ready_.remove({labels, group.repository, *waiting.in_queue});
    waiting.entries.insert(*waiting.in_queue);
  }
  waiting.in_queue = first;
  ready_.add({labels, group.repository, first});
}

// The first of its jobs was given to a worker: its others come into the queue, and no one else's.
void Ledger::hold_group(BuildId id) {
  Build& build = builds_.at(id);
  build.running = true;
  if (build.group == 0) return;
  Group& group = groups_.at(build.group);
  if (group.holder == id) return;
  SW_ASSERT(!group.holder);
  for (auto& [labels, waiting] : group.waiting) {
    if (!waiting.in_queue) continue;
    ready_.remove({labels, group.repository, *waiting.in_queue});
    waiting.entries.insert(*waiting.in_queue);
    waiting.in_queue.reset();
  }
  group.holder = id;
  for (JobId one : build.jobs()) {
    const Job& job = jobs_.at(one);
    if (!job.ready) continue;
    const ReadyQueue::Place place = place_of(one, job, build);
    const auto waiting = group.waiting.find(job.labels);
    waiting->second.entries.erase(place.entry);
    if (waiting->second.entries.empty()) group.waiting.erase(waiting);
    ready_.add(place);
  }
}

void Ledger::leave_group(BuildId id) {
  const Build& build = builds_.at(id);
  if (build.group == 0) return;
  Group& group = groups_.at(build.group);
  group.builds.erase({build.rank, id});
  if (group.holder == id) {
    group.holder = {};
    for (const auto& [labels, waiting] : group.waiting) put_first_in_queue(group, labels);
  }
  erase_if_unused(build.group);
}

void Ledger::erase_if_unused(GroupNumber number) {
  const Group& group = groups_.at(number);
  if (!group.builds.empty() || group.newest) return;
  group_numbers_.erase({group.repository, group.name});
  groups_.erase(number);
}

// The newest one that was to end the older ones was removed: whatever comes is newer.
void Ledger::forget_newest(BuildId build) {
  const auto found = newest_of_.find(build);
  if (found == newest_of_.end()) return;
  const GroupNumber number = found->second;
  newest_of_.erase(found);
  groups_.at(number).newest = {};
  erase_if_unused(number);
}

void Ledger::set_newest(GroupNumber number, BuildId build, uint64_t rank) {
  Group& group = groups_.at(number);
  if (rank < group.newest_rank) return;
  newest_of_.erase(group.newest);
  newest_of_[build] = number;
  group.newest_rank = rank;
  group.newest = build;
}

void Ledger::enter_group(BuildId id, const std::string& name) {
  Build& build = builds_.at(id);
  build.group = group_number(build.commit->repository, name);
  Group& group = groups_.at(build.group);
  group.builds.insert({build.rank, id});
  if (build.running) {
    SW_ASSERT(!group.holder);
    group.holder = id;
  }
}

GroupNumber Ledger::group_number(RepositoryNumber repository, const std::string& name) {
  const auto [found, is_new] = group_numbers_.insert({{repository, name}, last_group_ + 1});
  if (is_new) {
    Group& group = groups_[++last_group_];
    group.repository = repository;
    group.name = name;
  }
  return found->second;
}

}  // namespace seaworthy::broker
