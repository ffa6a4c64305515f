// The messages, as plain structs: what each program may say. docs/protocol.md is the same as a
// document and changes with this file. Bytes are codec.h's business. Adding a field: give it a
// default that means "an older peer did not say", list it in codec.cc's fields(), and in
// docs/protocol.md. Adding a message: the same, a MessageType, and an entry in Message.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/pipeline.h"
#include "shared/model/test_report.h"
#include "shared/model/timing.h"
#include "shared/model/verdict.h"

namespace seaworthy::wire {

// ---- worker and broker

// An attempt that a worker still holds: running, or finished and not yet recorded.
struct HeldAttempt {
  JobId job;
  AttemptNumber attempt;
  bool finished = false;
};

// First word of a worker, and again whenever it lost the conversation.
struct Hello {
  std::string worker;  // stable name, unique among the workers of a broker
  BootId boot;
  std::string host;
  uint32_t pid = 0;
  std::string version;  // of the program, for people
  std::vector<std::string> labels;
  std::vector<HeldAttempt> held;
  uint64_t count = 0;  // grows with each Hello of this boot: a late one is told from a new one
};

struct KeptAttempt {
  JobId job;
  AttemptNumber attempt;
  uint64_t output_offset = 0;  // the broker has this much of the output, durably
};

// Answer to Hello. Attempts in `gone` are no longer the worker's: it kills them and says nothing
// more of them.
struct Welcome {
  Epoch epoch;
  BootId boot;
  SessionId session;
  Timing timing;
  uint64_t output_credit = 0;  // bytes a worker may have unacknowledged per attempt
  std::vector<KeptAttempt> keep;
  std::vector<AttemptKey> gone;
};

// "I take this many more jobs": absolute, so that a repeated one is harmless.
struct Ready {
  BootId boot;
  uint32_t slots = 0;
  std::string reason = {};  // why a sick worker takes none; empty: it is well
};

struct Assign {
  Epoch epoch;
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  BuildId build;
  std::string repository;  // path or URL that git understands
  std::string ref;
  std::string revision;  // 40 or 64 hex digits
  JobSpec specification;
};

struct Accept {
  BootId boot;
  JobId job;
  AttemptNumber attempt;
};

struct Decline {
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  std::string reason;
};

struct Heartbeat {
  BootId boot;
  std::vector<HeldAttempt> held;
  uint32_t load_permille = 0;  // of one core, one-minute average
  uint64_t free_disk_bytes = 0;
};

struct HeartbeatOk {
  Epoch epoch;
  BootId boot;
  std::vector<AttemptKey> renewed;
  std::vector<AttemptKey> gone;    // revoked: kill it, say nothing more of it
  std::vector<AttemptKey> cancel;  // end it and report Cancelled
};

// Sent at once when a person cancels; repeated by HeartbeatOk.cancel.
struct CancelAttempt {
  Epoch epoch;
  BootId boot;
  JobId job;
  AttemptNumber attempt;
};

// The bytes travel in the blob frame.
struct Output {
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
};

// The broker has the output up to `offset`, durably. Also the answer to an AttemptFinished whose
// output is not complete yet: go on from here, then repeat it.
struct OutputOk {
  Epoch epoch;
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
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

// Any bytes, where a text would have to be one.
struct Bytes {
  std::string data;
};

struct AttemptFinished {
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  Outcome outcome = Outcome::Broken;
  std::string detail;  // one sentence: why it ended so
  std::vector<StepResult> steps;
  uint64_t output_bytes = 0;
  std::string output_sha256;  // hex, of all output
  bool output_truncated = false;
  UnixMillis first_output;
  Bytes tests = {};  // what they said (wire/packed_tests.h); empty: nothing
};

struct Recorded {
  Epoch epoch;
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  bool superseded = false;  // kept with its attempt, but the verdict came or will come from another
};

struct Goodbye {
  BootId boot;
  std::string reason;
};

// ---- clients and broker: what changes something

struct Candidate {
  std::string revision;
  uint32_t depth = 0;     // commits between it and the tip of the push: 0 is tried first
  uint32_t pipeline = 0;  // index into Submit.pipelines
  std::string subject;    // first line of the commit message
  std::string author;
};

struct Submit {
  RequestId request;
  std::string repository;
  std::string ref;
  std::string tip;  // the revision the ref points to; equal for all Submits of one push
  std::vector<Pipeline> pipelines;
  std::vector<Candidate> revisions;
  bool again =
      false;  // a person wants these builds although they exist: not deduplicated by revision
};

struct SubmittedBuild {
  std::string revision;
  BuildId build;
  bool duplicate = false;  // existed before this request
};

struct SubmitOk {
  std::vector<SubmittedBuild> builds;
};

// Everything up to `revision` of this ref has been submitted. Empty revision: the ref is gone.
struct AdvanceHead {
  std::string repository;
  std::string ref;
  std::string revision;
};

// Cancels one job, or all jobs of a build. Exactly one of the two is set.
struct Cancel {
  BuildId build;
  JobId job;
  std::string reason;
};

// Jobs of the named build that this request ended or asked to end; none if all had their verdict
// before.
struct CancelOk {
  uint32_t cancelled = 0;
};

// "Look at this repository": wakes watchers that wait. Not durable; a lost one costs a poll
// interval.
struct Notify {
  std::string repository;
};

struct NotifyOk {
  uint32_t watchers = 0;  // that were told now
};

// A watcher waits for the next Notify. `after` is the serial of the last notice it saw, 0 at first.
struct AwaitNotice {
  uint64_t after = 0;
  uint64_t wait_ms = 0;
};

// Empty `repositories` and `all` false: nothing came. `all`: some were forgotten, look at
// everything.
struct Notice {
  uint64_t serial = 0;
  bool all = false;
  std::vector<std::string> repositories;
};

// How many ready jobs could a worker with these labels run? Answered at once if that is another
// number than `known`, else when it changes, or after wait_ms. For who starts and stops workers.
struct AwaitDemand {
  std::vector<std::string> labels;
  uint64_t known = 0;  // of the last answer, 0 at first
  uint64_t wait_ms = 0;
};

struct Demand {
  uint64_t waiting = 0;  // ready jobs that no worker has yet
};

// "I have dealt with every event up to this one": where a follower goes on after a restart. The
// broker keeps the last word of each name.
struct SaveCursor {
  std::string name;
  EventSequence sequence;
};

// A drained worker is given no more jobs, and ends those it has. It stays so when it reconnects,
// until it is told otherwise or the broker is started anew.
struct DrainWorker {
  std::string worker;
  bool drain = false;  // false: it is given jobs again
};

// Jobs of a paused repository wait; those that run go on. Durable.
struct PauseRepository {
  std::string repository;
  bool paused = false;
};

struct Ok {};

// ---- clients and broker: what asks

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
};

struct OutputData {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;    // of the first byte in the blob
  uint64_t total = 0;     // stored so far
  bool complete = false;  // the job has its verdict and this answer reaches the end of the output
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

// ---- anyone

enum class ErrorCode : uint8_t {
  BadMessage = 1,    // could not be decoded, or says something impossible
  UnknownType = 2,   // from a newer minor version
  WrongVersion = 3,  // another major version
  NoSession = 4,     // worker: say Hello first
  NotFound = 5,
  Conflict = 6,  // same request id, other content
  Overloaded = 7,
  Refused = 8,
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::BadMessage;
  std::string message;  // what was asked, why not, what to do
  bool retryable = false;
  uint64_t retry_after_ms = 0;
};

using Message =
    std::variant<Hello, Welcome, Ready, Assign, Accept, Decline, Heartbeat, HeartbeatOk,
                 CancelAttempt, Output, OutputOk, AttemptFinished, Recorded, Goodbye, Submit,
                 SubmitOk, AdvanceHead, Cancel, CancelOk, Notify, NotifyOk, AwaitNotice, Notice, Ok,
                 Ping, Pong, ListHeads, HeadList, ListBuilds, BuildList, ShowBuild, BuildDetail,
                 ListWorkers, WorkerList, QueueStatus, QueueStatusOk, FetchEvents, Events,
                 FetchOutput, OutputData, EventRow, Error, AwaitDemand, Demand, SaveCursor,
                 FetchCursor, Cursor, ListTests, TestList, TestHistory, TestRuns, DrainWorker,
                 PauseRepository, FetchMetrics, Metrics>;

// What travels: a message, the tag that its answer repeats, and bytes that are not msgpack's.
struct Envelope {
  Message message;
  uint64_t tag = 0;
  std::string blob;  // Output, OutputData
};

}  // namespace seaworthy::wire
