// The part of the messages by which clients ask, and what they are answered. Included by message.h,
// which says how they change; include that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/output_times.h"
#include "shared/model/pipeline.h"
#include "shared/model/test_report.h"
#include "shared/model/timing.h"
#include "shared/model/verdict.h"

namespace seaworthy::wire {

struct Ping {};

struct Pong {
  Epoch epoch;
  std::string version;
  uint32_t pid = 0;
  UnixMillis started;
};

struct ListHeads {
  std::string repository;  // empty: all
  std::string after;       // only refs that sort after this one; of one repository only
};

struct Head {
  std::string repository;
  std::string ref;
  std::string revision;
};

struct HeadList {
  std::vector<Head> heads;
  bool more = false;  // ask again, after the last ref of these
};

// Newest first. All set conditions hold at once.
struct ListBuilds {
  std::string repository;  // exact; empty: all
  std::string revision;    // prefix; empty: all
  std::string ref;         // exact; empty: all
  uint32_t limit = 50;
  uint64_t before =
      0;  // rank: only builds that stand after this one in the list; 0: from the newest
  bool with_jobs = false;
};

// A job in a list of builds: how it stands, and when its latest attempt began and ended.
struct JobBrief {
  JobId job;
  std::string name;
  State state = State::Queued;
  std::optional<Verdict> verdict;
  UnixMillis assigned;
  UnixMillis finished;
};

struct BuildRow {
  BuildId build;
  uint64_t rank = 0;  // position in "newest first"; pass to ListBuilds.before
  std::string repository;
  std::string ref;
  std::string revision;
  std::string subject;
  std::string author;
  State state = State::Queued;
  std::optional<Verdict> verdict;
  UnixMillis submitted;
  UnixMillis started;
  UnixMillis finished;
  std::vector<JobBrief> jobs = {};  // of ListBuilds.with_jobs only
};

struct BuildList {
  std::vector<BuildRow> builds;
};

// By build, or by a job of it. `with_specifications`: for those who submit it again.
struct ShowBuild {
  BuildId build;
  JobId job;
  bool with_specifications = false;
};

struct StepResult {
  std::string name;
  int32_t exit_code = 0;  // 128 + signal number if a signal ended it
  uint64_t duration_ms = 0;
  // Where in the stored output the lines of this step stand, from the one that announces it to the
  // one that says how it ended. Offset 0: not told.
  uint64_t output_offset = 0;
  uint64_t output_bytes = 0;
};

struct AttemptRow {
  AttemptNumber attempt;
  std::string worker;
  std::optional<Outcome> outcome;
  std::string detail;
  UnixMillis assigned;
  UnixMillis first_output;
  UnixMillis finished;
  uint64_t output_bytes = 0;
  bool output_truncated = false;
  std::vector<StepResult> steps;
};

struct JobRow {
  JobId job;
  std::string name;
  State state = State::Queued;
  std::optional<Verdict> verdict;
  std::string note;         // why this verdict, where no attempt says it
  std::string why_waiting;  // one sentence; empty unless queued
  std::vector<AttemptRow> attempts;
  std::optional<JobSpec> specification;
  std::vector<JobId> needs = {};  // that must pass before it: of the same build
};

enum class EventKind : uint8_t {
  BuildSubmitted = 1,
  AttemptAssigned = 2,
  AttemptReattached = 3,  // its worker came back to it after a silence or a restart of the broker
  AttemptReturned = 4,    // declined or never arrived: ready again, not charged
  AttemptLost = 5,        // its lease ran out or its worker started anew: ready again, charged
  AttemptAdopted = 6,     // was lost, but its worker came back before another took the job
  AttemptFinished = 7,
  AttemptSuperseded = 8,  // an outcome came from an attempt that is no longer current
  CancelRequested = 9,
  JobFinished = 10,
  BuildFinished = 11,
};

std::string_view to_string(EventKind kind);

// One line of the durable story. Fields that do not apply are empty.
struct EventRow {
  EventSequence sequence;
  UnixMillis at;
  EventKind kind = EventKind::BuildSubmitted;
  BuildId build;
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  std::string detail;  // reason, outcome or verdict in words
  std::string repository;
  std::string ref;
  std::string revision;
  std::string job_name;
  std::string subject;       // of the commit
  uint64_t duration_ms = 0;  // AttemptFinished: since assigned. BuildFinished: since submitted
};

struct BuildDetail {
  BuildRow build;
  std::vector<JobRow> jobs;
  std::vector<EventRow> timeline;
  std::optional<Concurrency> concurrency = {};  // its group by name, if it is in one
};

struct ListWorkers {};

struct WorkerRow {
  std::string worker;
  SessionId session;
  std::string state;  // idle, busy, sick, drained, silent
  std::vector<std::string> labels;
  JobId job;
  AttemptNumber attempt;
  UnixMillis last_heard;
  uint32_t pid = 0;
  std::string host;
  std::string version;
  std::string reason = {};  // why it takes no jobs although it could; empty: it is well
  bool drained = false;
};

struct WorkerList {
  std::vector<WorkerRow> workers;
};

struct QueueStatus {
  uint32_t limit = 20;  // rows of each list
};

struct WaitingJob {
  JobId job;
  BuildId build;
  std::string repository;
  std::string revision;
  std::string name;
  std::string why;
};

struct RunningJob {
  JobId job;
  AttemptNumber attempt;
  BuildId build;
  std::string repository;
  std::string revision;
  std::string name;
  std::string worker;
  UnixMillis assigned;
};

// Jobs that are ready, and that no worker which was ever seen could run.
struct UnmatchedJobs {
  std::vector<std::string> labels;
  uint64_t count = 0;
  std::string why;
};

struct QueueStatusOk {
  uint64_t waiting_count = 0;
  uint64_t running_count = 0;
  uint64_t worker_count = 0;
  std::vector<WaitingJob> waiting;  // in the order they will be handed out
  std::vector<RunningJob> running;
  std::vector<UnmatchedJobs> unmatched = {};
  std::vector<std::string> paused = {};  // repositories
};

// Answered at once if there are events after `after`, else when one comes, or empty after wait_ms.
// Without `after`: answered at once with no events and the last sequence number.
struct FetchEvents {
  std::optional<EventSequence> after;
  uint32_t limit = 100;
  uint64_t wait_ms = 0;
};

struct Events {
  EventSequence last;  // ask again after this one
  std::vector<EventRow> events;
};

struct FetchCursor {
  std::string name;
};

struct Cursor {
  std::optional<EventSequence> sequence;  // none: nothing was saved under this name
};

// Answered at once if there is output beyond `offset` or the attempt has ended, else when some
// comes, or empty after wait_ms. Attempt 0: the latest one. The bytes come in the blob frame.
struct FetchOutput {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
  uint64_t wait_ms = 0;
  bool with_times = false;
};

struct OutputData {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;    // of the first byte in the blob
  uint64_t total = 0;     // stored so far
  bool complete = false;  // the job has its verdict and this answer reaches the end of the output
  UnixMillis assigned = {};  // the attempt: what its times count from, by the broker's clock
  OutputTimes times = {};    // of FetchOutput.with_times: of the bytes in the blob
};

// What the tests of a build said, or of one job of it: exactly one of the two is set. Of each job
// the latest attempt; by job, and in each job the failed ones first.
struct ListTests {
  BuildId build;
  JobId job;
  bool failed_only = false;  // failed ones and errors
  uint64_t after = 0;        // TestList.next of the answer before; 0: from the first on
  uint32_t limit = 500;
};

// A job that has a report of tests.
struct JobTests {
  JobId job;
  std::string job_name;
  AttemptNumber attempt;
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t errors = 0;
  uint64_t skipped = 0;
  uint64_t left_out = 0;  // of these: counted and not listed
  std::vector<std::string> notes;
};

struct TestRow {
  JobId job;
  AttemptNumber attempt;
  std::string suite;
  std::string name;
  TestVerdict verdict = TestVerdict::Passed;
  uint64_t duration_ms = 0;
  std::string message;
  std::string output;  // of failed ones
  // Of failed ones: the first build of the unbroken run of failures on this ref that ends here.
  BuildId failing_since;
  std::string failing_since_revision;
  bool failing_longer = false;  // further back than was looked
};

struct TestList {
  BuildId build;
  std::string repository;
  std::vector<JobTests> jobs;
  std::vector<TestRow> tests;
  uint64_t next = 0;  // ask again after it; 0: these are the last
};

// What a test said in the newest builds of a repository that have it.
struct TestHistory {
  std::string repository;
  std::string job_name;
  std::string suite;
  std::string name;
  uint32_t limit = 50;
};

struct TestRun {
  BuildId build;
  JobId job;
  AttemptNumber attempt;
  std::string ref;
  std::string revision;
  TestVerdict verdict = TestVerdict::Passed;
  uint64_t duration_ms = 0;
  std::string message;
  UnixMillis finished;
};

struct TestRuns {
  std::vector<TestRun> runs;  // newest first
};

// What the broker has counted since it was started, and how much there is of what now.
struct FetchMetrics {};

// How often a value was at most `bounds[i]` and above the bound before; the last count has no
// bound.
struct Histogram {
  std::vector<uint64_t> bounds;
  std::vector<uint64_t> counts;  // one more than bounds
  uint64_t sum = 0;              // of the values
};

// Jobs that are ready and ask for just these labels.
struct ReadyJobs {
  std::vector<std::string> labels;
  uint64_t count = 0;
};

// A word of a list (a verdict, an outcome, a worker's state), and how often.
struct WordCount {
  std::string word;
  uint64_t count = 0;
};

struct Metrics {
  UnixMillis started;
  Epoch epoch;
  std::string version;
  // Now.
  uint64_t waiting_jobs = 0;
  uint64_t running_jobs = 0;
  uint64_t ready_unlisted = 0;  // ready jobs with labels for which there was no room here
  std::vector<ReadyJobs> ready;
  std::vector<WordCount> workers;  // by state
  uint64_t paused_repositories = 0;
  uint64_t connections = 0;
  uint64_t open_questions = 0;       // long polls included
  uint64_t uncommitted_batches = 0;  // given to the storage thread, not yet durable
  uint64_t uncommitted_bytes = 0;    // of output in them
  uint64_t last_event = 0;           // durable
  uint64_t uncommitted_events = 0;
  bool has_space = true;
  // Since the start.
  std::vector<WordCount> builds;    // finished, by verdict
  std::vector<WordCount> jobs;      // finished, by verdict
  std::vector<WordCount> attempts;  // ended, by outcome
  uint64_t submitted_builds = 0;
  uint64_t output_bytes = 0;  // stored
  Histogram wait_ms;          // of a job, from when it could run until it was given to a worker
  Histogram run_ms;           // of an attempt, from being given to a worker until its outcome
  Histogram commit_us;        // of a batch, written and synchronised
};

}  // namespace seaworthy::wire
