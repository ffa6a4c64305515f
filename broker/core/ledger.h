// Ledger is the core's memory of what is durable: builds without a verdict and their jobs, and what
// has been submitted before. It is a cache of the store that runs ahead of it by the batch in
// flight. It changes only by apply(), live and after a restart alike. Finished builds leave it. Not
// for sessions and deadlines, which do not survive a restart: roster.h, leases.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/core/change.h"
#include "broker/core/commit.h"
#include "broker/core/group.h"
#include "broker/core/id_table.h"
#include "broker/core/label_sets.h"
#include "broker/core/name_table.h"
#include "broker/core/queue.h"

namespace seaworthy::broker {

// There may be a million that wait: what only some have is kept apart, names are numbers.
struct Job {
  // Of one that was given to a worker at least once.
  struct Past {
    // Who held the latest attempt; stays when it was lost, so that it can be adopted.
    std::string worker;
    BootId boot;
    UnixMillis assigned;
    uint64_t output_bytes = 0;  // stored of the latest attempt
    uint32_t losses = 0;
    uint32_t failures = 0;
    // Attempts that were taken from their workers, and whose outcome has not come: whose they were.
    // The latest kUnreported of them.
    static constexpr size_t kUnreported = 16;
    std::map<AttemptNumber, std::string> unreported;
  };

  BuildId build;
  UnixMillis ready_since;  // 0: not known, it became so before a restart
  std::unique_ptr<Past> past_if_any;
  std::unique_ptr<std::vector<JobId>> needs_if_any;
  uint32_t name = 0;      // see Ledger::name_of
  LabelSetId labels;      // that its worker must have
  AttemptNumber attempt;  // the latest one; 0 before the first
  State state = State::Queued;
  Priority priority = Priority::Normal;
  bool cancel_requested : 1 = false;
  bool passed : 1 = false;  // once finished
  bool ready : 1 = false;   // could be handed out now, but for its group

  const Past& past() const;
  // Those that have not passed yet.
  const std::vector<JobId>& needs() const;
};

struct Build {
  uint64_t rank = 0;
  const Commit* commit = nullptr;  // the ledger's
  JobId first_job;                 // its jobs are numbered in a row
  uint32_t job_count = 0;
  uint32_t unfinished = 0;
  GroupNumber group = 0;
  bool running = false;                // some job was given to a worker
  Verdict verdict = Verdict::Skipped;  // the gravest so far

  std::vector<JobId> jobs() const;
};

struct TakenRequest {
  uint64_t digest = 0;
  BuildId first_build;
};

// What a restart reads from the store: as much for each as the ledger keeps.
struct RecoveredJob {
  BuildId build;
  std::vector<JobId> needs;
  uint32_t name = 0;      // Recovered::job_names
  LabelSetId labels;      // that its worker must have: a place in Recovered::label_sets
  AttemptNumber attempt;  // the latest one; 0 before the first
  State state = State::Queued;
  Priority priority = Priority::Normal;
  bool cancel_requested = false;
  bool passed = false;  // once finished
};

struct RecoveredBuild {
  Commit commit;  // of Recovered::names
  uint64_t rank = 0;
  bool again = false;                  // does not hold its commit
  bool running = false;                // some job was given to a worker
  Verdict verdict = Verdict::Skipped;  // the gravest so far
};

struct Recovered {
  struct InGroup {
    BuildId build;  // one of `builds`
    std::string name;
  };
  // The newest build of a group that was to end the older ones.
  struct Newest {
    std::string repository, group;
    uint64_t rank = 0;
    BuildId build;
  };
  Epoch epoch;  // of this start
  EventSequence last_sequence;
  BuildId last_build;
  JobId last_job;
  uint64_t last_rank = 0;
  Names names;  // of repositories and refs
  // In the order of their ids.
  std::vector<std::pair<BuildId, RecoveredBuild>> builds;  // without a verdict
  std::vector<std::pair<JobId, RecoveredJob>> jobs;  // of those builds, finished ones included
  std::vector<std::pair<JobId, Job::Past>> pasts;    // of those jobs that have an attempt
  NameTable job_names;                               // has each of `jobs` as a user
  std::vector<std::pair<Commit, BuildId>> known;     // builds with a verdict that hold their commit
  std::vector<std::pair<RequestId, TakenRequest>> requests;
  std::vector<Labels> label_sets = {{}};
  std::vector<InGroup> groups;
  std::map<std::string, EventSequence> cursors = {};
  std::vector<Newest> newest;
  std::vector<std::string> paused;  // repositories
};

class Ledger {
 public:
  // Into an empty one.
  void recover(Recovered recovered);
  void apply(const Change& change);

  const Job* find_job(JobId job) const;
  const Build* find_build(BuildId build) const;
  std::optional<BuildId> find_revision(const std::string& repository, const std::string& ref,
                                       const std::string& revision) const;
  const TakenRequest* find_request(RequestId request) const;

  const ReadyQueue& ready() const { return ready_; }
  const LabelSets& label_sets() const { return label_sets_; }
  std::vector<LabelSetId> take_new_label_sets() { return label_sets_.take_new(); }
  // Whether unfinished jobs of the repository ask for just these labels, and for how many
  // different ones.
  bool asks_for(const std::string& repository, LabelSetId labels) const;
  size_t label_sets_of(const std::string& repository) const;
  // Jobs with labels that became ready, or are not ready any longer, since this was last asked.
  std::vector<JobId> take_moved() { return std::exchange(moved_, {}); }
  // Null for a build that is in none.
  const Group* group_of(const Build& build) const;
  const Group* find_group(const std::string& repository, const std::string& name) const;
  // The build whose job stands in the queue instead of this one, because of their group.
  std::optional<BuildId> stands_behind(JobId job) const;
  // The first of the ready jobs that stand behind their group.
  std::vector<JobId> behind_their_group(size_t most) const;
  ReadyQueue::Place place_of(JobId id, const Job& job) const;
  // In the order of their ids.
  const IdTable<JobId, Job>& jobs() const { return jobs_; }
  const std::string& name_of(const Job& job) const { return job_names_.name(job.name); }
  const std::string& repository_of(const Build& build) const;
  const std::string& ref_of(const Build& build) const;
  // Leased jobs by worker name.
  std::vector<JobId> leased_by(const std::string& worker) const;
  bool has_leases(const std::string& worker) const { return leased_.contains(worker); }
  // In the order of their ids.
  std::vector<JobId> running() const;
  size_t running_count() const { return running_count_; }
  size_t unfinished_count() const { return unfinished_count_; }
  // Takes a queued job out of the ready queue, and puts it back. Not durable: a restart forgets it.
  void hold_back(JobId job);
  void release(JobId job, UnixMillis at);
  bool is_paused(const std::string& repository) const { return paused_.contains(repository); }
  const std::set<std::string>& paused() const { return paused_; }
  // Whether something of this name was ever submitted, as far as is remembered.
  bool knows(const std::string& repository) const { return names_.find(repository).has_value(); }

  // Jobs of the build that wait for `job` directly.
  std::vector<JobId> waiting_for(JobId job) const;

  BuildId last_build() const { return last_build_; }
  JobId last_job() const { return last_job_; }
  EventSequence last_sequence() const { return last_sequence_; }
  uint64_t last_rank() const { return last_rank_; }
  // How far followers of events have come, by name.
  const std::map<std::string, EventSequence>& cursors() const { return cursors_; }

 private:
  void on(const Change& change, const BuildSubmitted& body);
  void on(const Change& change, const RequestTaken& body);
  void on(const Change& change, const AttemptAssigned& body);
  void on(const Change& change, const AttemptReattached& body);
  void on(const Change& change, const AttemptAdopted& body);
  void on(const Change& change, const AttemptReturned& body);
  void on(const Change& change, const AttemptLost& body);
  void on(const Change& change, const AttemptEnded& body);
  void on(const Change& change, const AttemptSuperseded& body);
  void on(const Change& change, const CancelRequested& body);
  void on(const Change& change, const JobFinished& body);
  void on(const Change& change, const BuildFinished& body);
  void on(const Change& change, const HeadAdvanced& body);
  void on(const Change& change, const CursorSaved& body);
  void on(const Change& change, const RepositoryPaused& body);
  void on(const Change& change, const OutputStored& body);
  void on(const Change& change, const BuildRemoved& body);

  Job& job(JobId id);
  static Job::Past& past_of(Job& job);
  Job& add_job(JobId id, BuildId build_id, Build& build, std::vector<JobId> needs);
  void recover_builds(const Recovered& recovered);
  void recover_jobs(Recovered& recovered);
  const Commit* keep_commit(BuildId id, const Commit& commit, bool again);
  static void await_late_outcome(Job& job, AttemptNumber attempt, const std::string& worker);
  void set_state(JobId id, Job& job, State state);
  // ledger_queue.cc
  LabelSetId enter_labels(RepositoryNumber repository, const Labels& labels);
  void leave_labels(RepositoryNumber repository, LabelSetId labels);
  static ReadyQueue::Place place_of(JobId id, const Job& job, const Build& build);
  void enter_queue_if_ready(JobId id, Job& job);
  void leave_queue(JobId id, Job& job);
  void put_first_in_queue(Group& group, LabelSetId labels);
  void hold_group(BuildId id);
  void leave_group(BuildId id);
  void enter_group(BuildId id, const std::string& name);
  GroupNumber group_number(RepositoryNumber repository, const std::string& name);
  void set_newest(GroupNumber group, BuildId build, uint64_t rank);
  void forget_newest(BuildId build);
  void erase_if_unused(GroupNumber group);
  Commit commit_of(const std::string& repository, const std::string& ref,
                   const std::string& revision);
  std::optional<Commit> find_commit(const std::string& repository, const std::string& ref,
                                    const std::string& revision) const;

  IdTable<JobId, Job> jobs_;
  IdTable<BuildId, Build> builds_;
  NameTable job_names_;
  ReadyQueue ready_;
  LabelSets label_sets_;
  std::set<std::string> paused_;  // repositories
  UnixMillis at_;                 // of the change under way
  std::map<RepositoryNumber, std::map<LabelSetId, uint32_t>>
      asked_for_;  // how many jobs; none is 0
  std::vector<JobId> moved_;
  std::map<GroupNumber, Group> groups_;
  std::map<std::pair<RepositoryNumber, std::string>, GroupNumber> group_numbers_;
  GroupNumber last_group_ = 0;
  std::map<BuildId, GroupNumber> newest_of_;
  std::map<std::string, std::vector<JobId>> leased_;  // by worker
  Names names_;                                       // of repositories and refs
  std::unordered_map<Commit, BuildId, CommitHash> revisions_;
  // Of builds that a person asked for again, until they have a verdict.
  std::map<BuildId, Commit> commits_of_again_;
  std::unordered_map<RequestId, TakenRequest> requests_;
  size_t running_count_ = 0;
  size_t unfinished_count_ = 0;
  BuildId last_build_;
  JobId last_job_;
  EventSequence last_sequence_;
  uint64_t last_rank_ = 0;
  std::map<std::string, EventSequence> cursors_;
};

}  // namespace seaworthy::broker
