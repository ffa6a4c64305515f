// The messages, as plain structs: what each program may say. docs/protocol.md is the same as a
// document and changes with this file. Bytes are codec.h's business. Adding a field: give it a
// default that means "an older peer did not say", list it in codec.cc's fields(), and in
// docs/protocol.md. Adding a message: the same, a MessageType, and an entry in Message. What
// clients ask, and what they are answered, stands in questions.h.
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
#include "shared/wire/questions.h"

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
  uint64_t output_credit = 0;  // bytes of an attempt that may be unacknowledged, at first
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

// The bytes travel in the blob frame. `times`: when they were read, as far as that is known; those
// that are not are_sound() are not kept.
struct Output {
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
  OutputTimes times = {};
};

// The broker has the output up to `offset`, durably. Also the answer to an AttemptFinished whose
// output is not complete yet: go on from here, then repeat it.
struct OutputOk {
  Epoch epoch;
  BootId boot;
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
  uint64_t credit = 0;  // bytes of it that may be unacknowledged from now on; 0: as before
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
