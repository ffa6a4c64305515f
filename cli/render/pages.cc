#include "cli/render/pages.h"

#include "cli/render/table.h"
#include "cli/render/text.h"
#include "shared/words/sentence.h"

namespace seaworthy::cli::render {
namespace {

using words::took;

constexpr size_t kSubjectColumns = 60;

std::string number(uint64_t value) { return std::to_string(value); }

Cell state_cell(State state, std::optional<Verdict> verdict) {
  if (verdict) return {std::string(to_string(*verdict)), colour_of(*verdict)};
  return {std::string(to_string(state)), state == State::Running ? Colour::Cyan : Colour::Plain};
}

Colour colour_of_worker(const std::string& state) {
  if (state == "busy") return Colour::Cyan;
  return state == "sick" || state == "drained" ? Colour::Yellow : Colour::Plain;
}

std::string ago(UnixMillis at, UnixMillis now) {
  return at ? duration(between(at, now)) + " ago" : "-";
}

std::string commit(const std::string& repository, const std::string& revision) {
  return short_repository(repository) + " " + short_revision(revision);
}

Table builds_table(const wire::BuildList& list, UnixMillis now) {
  Table table({"BUILD", "VERDICT", "TOOK", "REPOSITORY", "REF", "REVISION", "SUBMITTED", "COMMIT"});
  for (const wire::BuildRow& build : list.builds)
    table.add({{number(build.build.value), Colour::Bold},
               state_cell(build.state, build.verdict),
               {took(build, now)},
               {short_repository(build.repository)},
               {short_ref(build.ref)},
               {short_revision(build.revision), Colour::Dim},
               {date_time(build.submitted)},
               {printable(build.subject, kSubjectColumns)}});
  return table;
}

std::string more(uint64_t all, size_t shown) {
  return all > shown ? "  and " + number(all - shown) + " more\n" : "";
}

std::string running_part(const wire::QueueStatusOk& queue, UnixMillis now, const Style& style) {
  if (queue.running.empty()) return "";
  Table table({"BUILD", "JOB", "NAME", "WORKER", "FOR", "COMMIT"});
  for (const wire::RunningJob& job : queue.running) {
    const std::string again = job.attempt.value > 1 ? ", attempt " + number(job.attempt.value) : "";
    table.add({{number(job.build.value), Colour::Bold},
               {number(job.job.value)},
               {printable(job.name)},
               {printable(job.worker), Colour::Cyan},
               {duration(between(job.assigned, now)) + again},
               {commit(job.repository, job.revision)}});
  }
  return "\nRunning\n" + table.text(style, 2) + more(queue.running_count, queue.running.size());
}

std::string waiting_part(const wire::QueueStatusOk& queue, const Style& style) {
  if (queue.waiting.empty()) return "";
  Table table({"BUILD", "JOB", "NAME", "COMMIT", "WHY"});
  for (const wire::WaitingJob& job : queue.waiting)
    table.add({{number(job.build.value), Colour::Bold},
               {number(job.job.value)},
               {printable(job.name)},
               {commit(job.repository, job.revision)},
               {printable(job.why)}});
  return "\nWaiting, next first\n" + table.text(style, 2) +
         more(queue.waiting_count, queue.waiting.size());
}

std::string unmatched_part(const wire::QueueStatusOk& queue, const Style& style) {
  if (queue.unmatched.empty()) return "";
  Table table({"JOBS", "WHY NO WORKER WILL DO"});
  for (const wire::UnmatchedJobs& jobs : queue.unmatched)
    table.add({{number(jobs.count), Colour::Bold}, {printable(jobs.why)}});
  return "\nWaiting for a worker that was never seen\n" + table.text(style, 2);
}

}  // namespace

std::string builds_page(const wire::BuildList& list, UnixMillis now, const Style& style) {
  return builds_table(list, now).text(style);
}

std::string status_page(const wire::QueueStatusOk& queue, const wire::BuildList& last,
                        UnixMillis now, const Style& style) {
  std::string text = count_of(queue.waiting_count, "job") + " waiting, " +
                     number(queue.running_count) + " running, " +
                     count_of(queue.worker_count, "worker") + "\n";
  text += running_part(queue, now, style);
  text += waiting_part(queue, style);
  text += unmatched_part(queue, style);
  for (const std::string& repository : queue.paused)
    text += "\n" + printable(repository) + " is paused: `seaworthy pause REPO --undo`\n";
  if (!last.builds.empty()) text += "\nLast verdicts\n" + builds_table(last, now).text(style, 2);
  return text;
}

std::string workers_page(const wire::WorkerList& list, UnixMillis now, const Style& style) {
  Table table({"WORKER", "STATE", "JOB", "HOST", "PID", "HEARD", "VERSION", "LABELS"});
  std::string reasons;
  for (const wire::WorkerRow& worker : list.workers) {
    std::string labels;
    for (const std::string& label : worker.labels) labels += (labels.empty() ? "" : ",") + label;
    table.add({{printable(worker.worker), Colour::Bold},
               {printable(worker.state), colour_of_worker(worker.state)},
               {worker.job ? number(worker.job.value) : "-"},
               {printable(worker.host)},
               {number(worker.pid)},
               {ago(worker.last_heard, now)},
               {printable(worker.version)},
               {printable(labels)}});
    if (!worker.reason.empty())
      reasons += printable(worker.worker) + " takes no jobs: " + printable(worker.reason) + "\n";
  }
  return table.text(style) + reasons;
}

}  // namespace seaworthy::cli::render
