#include "shared/json/rows.h"

namespace seaworthy::json {
namespace {

Json step_object(const wire::StepResult& step) {
  return {{"name", step.name}, {"exit_code", step.exit_code}, {"duration_ms", step.duration_ms}};
}

Json attempt_object(const wire::AttemptRow& attempt) {
  return {{"attempt", attempt.attempt.value},
          {"worker", attempt.worker},
          {"outcome", null_or(attempt.outcome)},
          {"detail", attempt.detail},
          {"assigned_ms", null_or(attempt.assigned)},
          {"first_output_ms", null_or(attempt.first_output)},
          {"finished_ms", null_or(attempt.finished)},
          {"output_bytes", attempt.output_bytes},
          {"output_truncated", attempt.output_truncated},
          {"steps", array_of(attempt.steps, step_object)}};
}

Json job_object(const wire::JobRow& job) {
  return {{"job", job.job.value},
          {"name", job.name},
          {"state", to_string(job.state)},
          {"verdict", null_or(job.verdict)},
          {"why_waiting", null_or(job.why_waiting)},
          {"note", null_or(job.note)},
          {"attempts", array_of(job.attempts, attempt_object)}};
}

Json waiting_object(const wire::WaitingJob& job) {
  return {{"job", job.job.value},         {"name", job.name},         {"build", job.build.value},
          {"repository", job.repository}, {"revision", job.revision}, {"why_waiting", job.why}};
}

Json unmatched_object(const wire::UnmatchedJobs& jobs) {
  return {{"labels", jobs.labels}, {"count", jobs.count}, {"why_waiting", jobs.why}};
}

Json running_object(const wire::RunningJob& job) {
  return {{"job", job.job.value},     {"name", job.name},
          {"build", job.build.value}, {"repository", job.repository},
          {"revision", job.revision}, {"attempt", job.attempt.value},
          {"worker", job.worker},     {"assigned_ms", null_or(job.assigned)}};
}

}  // namespace

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json null_or(UnixMillis at) { return at ? Json(at.value) : Json(nullptr); }
Json null_or(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json build_object(const wire::BuildRow& build) {
  return {{"build", build.build.value},
          {"repository", build.repository},
          {"ref", build.ref},
          {"revision", build.revision},
          {"state", to_string(build.state)},
          {"verdict", null_or(build.verdict)},
          {"submitted_ms", null_or(build.submitted)},
          {"started_ms", null_or(build.started)},
          {"finished_ms", null_or(build.finished)},
          {"subject", build.subject},
          {"author", build.author}};
}

Json detail_object(const wire::BuildDetail& detail) {
  Json json = build_object(detail.build);
  json["concurrency_group"] = null_or(detail.concurrency.value_or(Concurrency{}).group);
  json["jobs"] = array_of(detail.jobs, job_object);
  json["timeline"] = array_of(detail.timeline, event_object);
  return json;
}

Json event_object(const wire::EventRow& event) {
  return {{"sequence", event.sequence.value},
          {"at_ms", null_or(event.at)},
          {"kind", wire::to_string(event.kind)},
          {"job", null_or(event.job)},
          {"attempt", null_or(event.attempt)},
          {"worker", null_or(event.worker)},
          {"detail", event.detail},
          {"build", null_or(event.build)}};
}

Json worker_object(const wire::WorkerRow& worker) {
  return {{"worker", worker.worker},    {"session", worker.session.value},
          {"state", worker.state},      {"labels", worker.labels},
          {"job", null_or(worker.job)}, {"last_heard_ms", null_or(worker.last_heard)},
          {"pid", worker.pid},          {"host", worker.host},
          {"reason", worker.reason},    {"drained", worker.drained},
          {"version", worker.version}};
}

Json submitted_object(const wire::SubmittedBuild& build) {
  return {
      {"revision", build.revision}, {"build", build.build.value}, {"duplicate", build.duplicate}};
}

Json queue_object(const wire::QueueStatusOk& queue) {
  Json counts = {{"waiting", queue.waiting_count},
                 {"running", queue.running_count},
                 {"workers", queue.worker_count}};
  return {{"queue", counts},
          {"waiting", array_of(queue.waiting, waiting_object)},
          {"running", array_of(queue.running, running_object)},
          {"unmatched", array_of(queue.unmatched, unmatched_object)},
          {"paused", queue.paused}};
}

Json job_tests_object(const wire::JobTests& job) {
  return {{"job", job.job.value},   {"name", job.job_name},       {"attempt", job.attempt.value},
          {"passed", job.passed},   {"failed", job.failed},       {"errors", job.errors},
          {"skipped", job.skipped}, {"not_listed", job.left_out}, {"notes", job.notes}};
}

Json test_object(const wire::TestRow& test) {
  Json since = nullptr;
  if (is_bad(test.verdict))
    since = {{"build", test.failing_since.value},
             {"revision", test.failing_since_revision},
             {"or_longer", test.failing_longer}};
  return {{"job", test.job.value},
          {"suite", test.suite},
          {"name", test.name},
          {"verdict", to_string(test.verdict)},
          {"duration_ms", test.duration_ms},
          {"message", test.message},
          {"output", test.output},
          {"failing_since", since}};
}

}  // namespace seaworthy::json
