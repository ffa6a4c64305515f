// Change is something that happened, in the past tense: what the core decided, the log makes
// durable, and a person can read as an event. State moves only through changes (Ledger::apply);
// each is one transaction's part. A checklist for a new one: ledger.cc (memory), journal/tables.cc
// and change_codec.cc (store), narrate.cc (log line), docs/storage.md, and where people see it
// EventKind in wire/message.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/ids.h"
#include "shared/base/time.h"
#include "shared/model/job_spec.h"
#include "shared/model/verdict.h"
#include "shared/wire/message.h"

namespace seaworthy::broker {

struct NewJob {
  JobId job;
  std::string name;
  std::vector<JobId> needs;  // of the same build
  JobSpec specification;
};

struct BuildSubmitted {
  BuildId build;
  uint64_t rank = 0;  // greater stands first in the queue and in lists
  std::string repository;
  std::string ref;
  std::string revision;
  std::string subject;
  std::string author;
  bool again = false;  // does not take the place of (repository, ref, revision)
  std::vector<NewJob> jobs;
  std::string group;        // of builds of the repository that do not run together; empty: none
  bool ends_older = false;  // those of its group
};

// The answer to this request id is known from now on.
struct RequestTaken {
  RequestId request;
  uint64_t digest = 0;  // of what was asked
  BuildId first_build;  // of those it made, or an older one if all existed
};

struct AttemptAssigned {
  JobId job;
  BuildId build;
  AttemptNumber attempt;
  std::string worker;
  BootId boot;
  std::optional<Duration> waited = {};  // since it could run; unknown across a restart; not stored
};

// Its worker came back to it after a silence, with the same boot, or, holding an outcome, with a
// new one.
struct AttemptReattached {
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  BootId boot;
};

// It was taken for lost but not given to another yet: the lease holds again.
struct AttemptAdopted {
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  BootId boot;
};

// Declined, given back or never arrived. Not charged.
struct AttemptReturned {
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  std::string reason;
};

struct AttemptLost {
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  std::string reason;
  uint32_t losses = 0;  // of the job, this one included
};

struct AttemptEnded {
  JobId job;
  BuildId build;
  AttemptNumber attempt;
  std::string worker;
  wire::AttemptFinished report;
  uint32_t failures = 0;  // of the job: attempts that ended Broken, this one included
  Duration ran{0};        // since it was assigned; not stored
};

// An outcome of an attempt that is not the current one: kept with its attempt, without effect on
// the verdict.
struct AttemptSuperseded {
  JobId job;
  AttemptNumber attempt;
  std::string worker;
  wire::AttemptFinished report;
};

struct CancelRequested {
  JobId job;
  std::string reason;
};

struct JobFinished {
  JobId job;
  BuildId build;
  Verdict verdict = Verdict::Inconclusive;
  AttemptNumber attempt;  // 0: no attempt decided it
  std::string note;       // why, where no attempt says it
};

struct BuildFinished {
  BuildId build;
  Verdict verdict = Verdict::Inconclusive;
};

struct HeadAdvanced {
  std::string repository;
  std::string ref;
  std::string revision;  // empty: gone
};

// How far a follower of events has come, in its own words.
struct CursorSaved {
  std::string name;
  EventSequence sequence;
};

// Its jobs are handed out no more, or again. Not an event: it is of no build.
struct RepositoryPaused {
  std::string repository;
  bool paused = true;
};

// `size` bytes of the message's blob, from `skip` on, belong at `offset` of the attempt's output.
struct OutputStored {
  JobId job;
  AttemptNumber attempt;
  uint64_t offset = 0;
  uint64_t skip = 0;
  uint64_t size = 0;
};

// A finished build that is not kept any longer, and everything of it. Not an event: nobody could
// ask what it was about.
struct BuildRemoved {
  BuildId build;
  std::string repository;
  std::string ref;
  std::string revision;
  std::vector<RequestId> requests;   // that made it
  std::vector<AttemptKey> attempts;  // that have output
};

using ChangeBody =
    std::variant<BuildSubmitted, RequestTaken, AttemptAssigned, AttemptReattached, AttemptAdopted,
                 AttemptReturned, AttemptLost, AttemptEnded, AttemptSuperseded, CancelRequested,
                 JobFinished, BuildFinished, HeadAdvanced, CursorSaved, RepositoryPaused,
                 OutputStored, BuildRemoved>;

struct Change {
  EventSequence sequence;  // 0: not an event for people
  UnixMillis at;
  ChangeBody body;
};

// Of one step or several, in order. For all threads that need them.
using SharedChanges = std::shared_ptr<const std::vector<Change>>;

// The kind of event that a change is, if it is one.
std::optional<wire::EventKind> event_kind(const ChangeBody& body);

}  // namespace seaworthy::broker
