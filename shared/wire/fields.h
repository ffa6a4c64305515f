// The fields of each struct that travels, and their keys on the wire: one list for both directions.
// For codec.cc only. fields(f, m) calls f(key, field) for each field, in the order in which they
// are written.
#pragma once

#include "shared/wire/message.h"
#include "shared/wire/test_columns.h"

namespace seaworthy::wire {
// --------------------------

template <class F>
void fields(F&& f, HeldAttempt& m) {
  f("job", m.job), f("attempt", m.attempt), f("finished", m.finished);
}
template <class F>
void fields(F&& f, AttemptKey& m) {
  f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, Hello& m) {
  f("worker", m.worker), f("boot", m.boot), f("host", m.host), f("pid", m.pid),
      f("version", m.version), f("labels", m.labels), f("held", m.held), f("count", m.count);
}
template <class F>
void fields(F&& f, KeptAttempt& m) {
  f("job", m.job), f("attempt", m.attempt), f("output_offset", m.output_offset);
}
template <class F>
void fields(F&& f, Timing& m) {
  f("heartbeat_ms", m.heartbeat), f("lease_ms", m.lease), f("grace_ms", m.grace),
      f("reattach_ms", m.reattach), f("accept_ms", m.accept), f("ready_ms", m.ready);
}
template <class F>
void fields(F&& f, Welcome& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("session", m.session), f("timing", m.timing),
      f("output_credit", m.output_credit), f("keep", m.keep), f("gone", m.gone);
}
template <class F>
void fields(F&& f, Ready& m) {
  f("boot", m.boot), f("slots", m.slots), f("reason", m.reason);
}
template <class F>
void fields(F&& f, Step& m) {
  f("name", m.name), f("run", m.run), f("env", m.env);
}
template <class F>
void fields(F&& f, ReportGlobs& m) {
  f("junit", m.junit), f("tap", m.tap);
}
template <class F>
void fields(F&& f, JobSpec& m) {
  f("name", m.name), f("steps", m.steps), f("env", m.env), f("needs", m.needs),
      f("timeout_ms", m.timeout), f("origin", m.origin), f("runs_on", m.runs_on),
      f("priority", m.priority), f("reports", m.reports);
}
template <class F>
void fields(F&& f, Assign& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("build", m.build), f("repository", m.repository), f("ref", m.ref),
      f("revision", m.revision), f("specification", m.specification);
}
template <class F>
void fields(F&& f, Accept& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, Decline& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("reason", m.reason);
}
template <class F>
void fields(F&& f, Heartbeat& m) {
  f("boot", m.boot), f("held", m.held), f("load_permille", m.load_permille),
      f("free_disk_bytes", m.free_disk_bytes);
}
template <class F>
void fields(F&& f, HeartbeatOk& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("renewed", m.renewed), f("gone", m.gone),
      f("cancel", m.cancel);
}
template <class F>
void fields(F&& f, CancelAttempt& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt);
}
template <class F>
void fields(F&& f, OutputTime& m) {
  f("offset", m.offset), f("ms", m.after_ms);
}
template <class F>
void fields(F&& f, Output& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("offset", m.offset),
      f("times", m.times);
}
template <class F>
void fields(F&& f, OutputOk& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("offset", m.offset), f("credit", m.credit);
}
template <class F>
void fields(F&& f, StepResult& m) {
  f("name", m.name), f("exit_code", m.exit_code), f("duration_ms", m.duration_ms),
      f("output_offset", m.output_offset), f("output_bytes", m.output_bytes);
}
template <class F>
void fields(F&& f, AttemptFinished& m) {
  f("boot", m.boot), f("job", m.job), f("attempt", m.attempt), f("outcome", m.outcome),
      f("detail", m.detail), f("steps", m.steps), f("output_bytes", m.output_bytes),
      f("output_sha256", m.output_sha256), f("output_truncated", m.output_truncated),
      f("first_output_ms", m.first_output), f("tests", m.tests);
}
template <class F>
void fields(F&& f, TestTexts& m) {
  f("test", m.test), f("message", m.message), f("output", m.output);
}
template <class F>
void fields(F&& f, TestColumns& m) {
  f("suites", m.suites), f("suite", m.suite), f("names", m.names), f("verdicts", m.verdicts),
      f("durations_ms", m.durations_ms), f("texts", m.texts), f("passed", m.passed),
      f("failed", m.failed), f("errors", m.errors), f("skipped", m.skipped), f("notes", m.notes);
}
template <class F>
void fields(F&& f, Recorded& m) {
  f("epoch", m.epoch), f("boot", m.boot), f("job", m.job), f("attempt", m.attempt),
      f("superseded", m.superseded);
}
template <class F>
void fields(F&& f, Goodbye& m) {
  f("boot", m.boot), f("reason", m.reason);
}

template <class F>
void fields(F&& f, Decided& m) {
  f("verdict", m.verdict), f("explanation", m.explanation);
}
template <class F>
void fields(F&& f, Concurrency& m) {
  f("group", m.group), f("cancel_in_progress", m.cancel_in_progress);
}
template <class F>
void fields(F&& f, Pipeline& m) {
  f("jobs", m.jobs), f("decided", m.decided), f("concurrency", m.concurrency);
}
template <class F>
void fields(F&& f, Candidate& m) {
  f("revision", m.revision), f("depth", m.depth), f("pipeline", m.pipeline),
      f("subject", m.subject), f("author", m.author);
}
template <class F>
void fields(F&& f, Submit& m) {
  f("request", m.request), f("repository", m.repository), f("ref", m.ref), f("tip", m.tip),
      f("pipelines", m.pipelines), f("revisions", m.revisions), f("again", m.again);
}
template <class F>
void fields(F&& f, SubmittedBuild& m) {
  f("revision", m.revision), f("build", m.build), f("duplicate", m.duplicate);
}
template <class F>
void fields(F&& f, SubmitOk& m) {
  f("builds", m.builds);
}
template <class F>
void fields(F&& f, AdvanceHead& m) {
  f("repository", m.repository), f("ref", m.ref), f("revision", m.revision);
}
template <class F>
void fields(F&& f, Cancel& m) {
  f("build", m.build), f("job", m.job), f("reason", m.reason);
}
template <class F>
void fields(F&& f, CancelOk& m) {
  f("cancelled", m.cancelled);
}
template <class F>
void fields(F&& f, Notify& m) {
  f("repository", m.repository);
}
template <class F>
void fields(F&& f, NotifyOk& m) {
  f("watchers", m.watchers);
}
template <class F>
void fields(F&& f, AwaitDemand& m) {
  f("labels", m.labels), f("known", m.known), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, Demand& m) {
  f("waiting", m.waiting);
}
template <class F>
void fields(F&& f, AwaitNotice& m) {
  f("after", m.after), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, Notice& m) {
  f("serial", m.serial), f("all", m.all), f("repositories", m.repositories);
}
template <class F>
void fields(F&& f, DrainWorker& m) {
  f("worker", m.worker), f("drain", m.drain);
}
template <class F>
void fields(F&& f, PauseRepository& m) {
  f("repository", m.repository), f("paused", m.paused);
}
template <class F>
void fields(F&&, Ok&) {}

template <class F>
void fields(F&&, Ping&) {}
template <class F>
void fields(F&& f, Pong& m) {
  f("epoch", m.epoch), f("version", m.version), f("pid", m.pid), f("started_ms", m.started);
}
template <class F>
void fields(F&& f, ListHeads& m) {
  f("repository", m.repository), f("after", m.after);
}
template <class F>
void fields(F&& f, Head& m) {
  f("repository", m.repository), f("ref", m.ref), f("revision", m.revision);
}
template <class F>
void fields(F&& f, HeadList& m) {
  f("heads", m.heads), f("more", m.more);
}
template <class F>
void fields(F&& f, ListBuilds& m) {
  f("repository", m.repository), f("revision", m.revision), f("ref", m.ref), f("limit", m.limit),
      f("before", m.before), f("with_jobs", m.with_jobs);
}
template <class F>
void fields(F&& f, JobBrief& m) {
  f("job", m.job), f("name", m.name), f("state", m.state), f("verdict", m.verdict),
      f("assigned_ms", m.assigned), f("finished_ms", m.finished);
}
template <class F>
void fields(F&& f, BuildRow& m) {
  f("build", m.build), f("rank", m.rank), f("repository", m.repository), f("ref", m.ref),
      f("revision", m.revision), f("subject", m.subject), f("author", m.author),
      f("state", m.state), f("verdict", m.verdict), f("submitted_ms", m.submitted),
      f("started_ms", m.started), f("finished_ms", m.finished), f("jobs", m.jobs);
}
template <class F>
void fields(F&& f, BuildList& m) {
  f("builds", m.builds);
}
template <class F>
void fields(F&& f, ShowBuild& m) {
  f("build", m.build), f("job", m.job), f("with_specifications", m.with_specifications);
}
template <class F>
void fields(F&& f, AttemptRow& m) {
  f("attempt", m.attempt), f("worker", m.worker), f("outcome", m.outcome), f("detail", m.detail),
      f("assigned_ms", m.assigned), f("first_output_ms", m.first_output),
      f("finished_ms", m.finished), f("output_bytes", m.output_bytes),
      f("output_truncated", m.output_truncated), f("steps", m.steps);
}
template <class F>
void fields(F&& f, JobRow& m) {
  f("job", m.job), f("name", m.name), f("state", m.state), f("verdict", m.verdict),
      f("note", m.note), f("why_waiting", m.why_waiting), f("attempts", m.attempts),
      f("specification", m.specification), f("needs", m.needs);
}
template <class F>
void fields(F&& f, EventRow& m) {
  f("sequence", m.sequence), f("at_ms", m.at), f("kind", m.kind), f("build", m.build),
      f("job", m.job), f("attempt", m.attempt), f("worker", m.worker), f("detail", m.detail),
      f("repository", m.repository), f("ref", m.ref), f("revision", m.revision),
      f("job_name", m.job_name), f("subject", m.subject), f("duration_ms", m.duration_ms);
}
template <class F>
void fields(F&& f, BuildDetail& m) {
  f("build", m.build), f("jobs", m.jobs), f("timeline", m.timeline),
      f("concurrency", m.concurrency);
}
template <class F>
void fields(F&&, ListWorkers&) {}
template <class F>
void fields(F&& f, WorkerRow& m) {
  f("worker", m.worker), f("session", m.session), f("state", m.state), f("labels", m.labels),
      f("job", m.job), f("attempt", m.attempt), f("last_heard_ms", m.last_heard), f("pid", m.pid),
      f("host", m.host), f("version", m.version), f("reason", m.reason), f("drained", m.drained);
}
template <class F>
void fields(F&& f, WorkerList& m) {
  f("workers", m.workers);
}
template <class F>
void fields(F&& f, QueueStatus& m) {
  f("limit", m.limit);
}
template <class F>
void fields(F&& f, WaitingJob& m) {
  f("job", m.job), f("build", m.build), f("repository", m.repository), f("revision", m.revision),
      f("name", m.name), f("why", m.why);
}
template <class F>
void fields(F&& f, RunningJob& m) {
  f("job", m.job), f("attempt", m.attempt), f("build", m.build), f("repository", m.repository),
      f("revision", m.revision), f("name", m.name), f("worker", m.worker),
      f("assigned_ms", m.assigned);
}
template <class F>
void fields(F&& f, UnmatchedJobs& m) {
  f("labels", m.labels), f("count", m.count), f("why", m.why);
}
template <class F>
void fields(F&& f, QueueStatusOk& m) {
  f("waiting_count", m.waiting_count), f("running_count", m.running_count),
      f("worker_count", m.worker_count), f("waiting", m.waiting), f("running", m.running),
      f("unmatched", m.unmatched), f("paused", m.paused);
}
template <class F>
void fields(F&& f, FetchEvents& m) {
  f("after", m.after), f("limit", m.limit), f("wait_ms", m.wait_ms);
}
template <class F>
void fields(F&& f, Events& m) {
  f("last", m.last), f("events", m.events);
}
template <class F>
void fields(F&& f, SaveCursor& m) {
  f("name", m.name), f("sequence", m.sequence);
}
template <class F>
void fields(F&& f, FetchCursor& m) {
  f("name", m.name);
}
template <class F>
void fields(F&& f, Cursor& m) {
  f("sequence", m.sequence);
}
template <class F>
void fields(F&& f, FetchOutput& m) {
  f("job", m.job), f("attempt", m.attempt), f("offset", m.offset), f("wait_ms", m.wait_ms),
      f("with_times", m.with_times);
}
template <class F>
void fields(F&& f, OutputData& m) {
  f("job", m.job), f("attempt", m.attempt), f("offset", m.offset), f("total", m.total),
      f("complete", m.complete), f("assigned_ms", m.assigned), f("times", m.times);
}
template <class F>
void fields(F&& f, ListTests& m) {
  f("build", m.build), f("job", m.job), f("failed_only", m.failed_only), f("after", m.after),
      f("limit", m.limit);
}
template <class F>
void fields(F&& f, JobTests& m) {
  f("job", m.job), f("job_name", m.job_name), f("attempt", m.attempt), f("passed", m.passed),
      f("failed", m.failed), f("errors", m.errors), f("skipped", m.skipped),
      f("left_out", m.left_out), f("notes", m.notes);
}
template <class F>
void fields(F&& f, TestRow& m) {
  f("job", m.job), f("attempt", m.attempt), f("suite", m.suite), f("name", m.name),
      f("verdict", m.verdict), f("duration_ms", m.duration_ms), f("message", m.message),
      f("output", m.output), f("failing_since", m.failing_since),
      f("failing_since_revision", m.failing_since_revision), f("failing_longer", m.failing_longer);
}
template <class F>
void fields(F&& f, TestList& m) {
  f("build", m.build), f("repository", m.repository), f("jobs", m.jobs), f("tests", m.tests),
      f("next", m.next);
}
template <class F>
void fields(F&& f, TestHistory& m) {
  f("repository", m.repository), f("job_name", m.job_name), f("suite", m.suite), f("name", m.name),
      f("limit", m.limit);
}
template <class F>
void fields(F&& f, TestRun& m) {
  f("build", m.build), f("job", m.job), f("attempt", m.attempt), f("ref", m.ref),
      f("revision", m.revision), f("verdict", m.verdict), f("duration_ms", m.duration_ms),
      f("message", m.message), f("finished_ms", m.finished);
}
template <class F>
void fields(F&& f, TestRuns& m) {
  f("runs", m.runs);
}

template <class F>
void fields(F&&, FetchMetrics&) {}
template <class F>
void fields(F&& f, Histogram& m) {
  f("bounds", m.bounds), f("counts", m.counts), f("sum", m.sum);
}
template <class F>
void fields(F&& f, ReadyJobs& m) {
  f("labels", m.labels), f("count", m.count);
}
template <class F>
void fields(F&& f, WordCount& m) {
  f("word", m.word), f("count", m.count);
}
template <class F>
void fields(F&& f, Metrics& m) {
  f("started_ms", m.started), f("epoch", m.epoch), f("version", m.version),
      f("waiting_jobs", m.waiting_jobs), f("running_jobs", m.running_jobs),
      f("ready_unlisted", m.ready_unlisted), f("ready", m.ready), f("workers", m.workers),
      f("paused_repositories", m.paused_repositories), f("connections", m.connections),
      f("open_questions", m.open_questions), f("uncommitted_batches", m.uncommitted_batches),
      f("uncommitted_bytes", m.uncommitted_bytes), f("last_event", m.last_event),
      f("uncommitted_events", m.uncommitted_events), f("has_space", m.has_space),
      f("builds", m.builds), f("jobs", m.jobs), f("attempts", m.attempts),
      f("submitted_builds", m.submitted_builds), f("output_bytes", m.output_bytes),
      f("wait_ms", m.wait_ms), f("run_ms", m.run_ms), f("commit_us", m.commit_us);
}
template <class F>
void fields(F&& f, Error& m) {
  f("code", m.code), f("message", m.message), f("retryable", m.retryable),
      f("retry_after_ms", m.retry_after_ms);
}

}  // namespace seaworthy::wire
