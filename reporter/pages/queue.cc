#include <map>

#include "reporter/actions.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr uint32_t kRows = 200;

void put_origin(Html& html, const std::string& repository, const std::string& revision) {
  parts::put_repository(html, repository);
  html.raw(" ");
  parts::put_revision(html, revision);
}

void put_more(Html& html, uint64_t all, size_t shown) {
  if (all > shown) html.raw("<p class=\"dim\">and ").number(all - shown).raw(" more</p>\n");
}

}  // namespace

void put_running(Html& html, const wire::QueueStatusOk& queue, const Usual& usual, UnixMillis now) {
  if (queue.running.empty()) return;
  html.raw(
      "<section aria-labelledby=\"running\">\n<h2 id=\"running\">Running</h2>\n<ul "
      "class=\"rows\">\n");
  for (const wire::RunningJob& job : queue.running) {
    html.raw("<li><span class=\"grow\"><span class=\"verdict running\"></span>");
    parts::put_job(html, job.job, job.name);
    html.raw(" <span class=\"dim\">of</span> ");
    parts::put_build(html, job.build);
    if (job.attempt.value > 1) html.raw(", attempt ").number(job.attempt.value);
    html.raw("</span><span>");
    put_origin(html, job.repository, job.revision);
    html.raw("</span><span class=\"dim\">on ").text(job.worker).raw("</span><span class=\"num\">");
    parts::put_running_time(html, job.assigned, now);
    html.raw("</span>");
    if (const auto known = usual.find(job.job); known != usual.end()) {
      html.raw("<span class=\"progress\">");
      parts::put_progress(html, job.assigned, known->second, now);
      html.raw("</span>");
    }
    html.raw("</li>\n");
  }
  html.raw("</ul>\n");
  put_more(html, queue.running_count, queue.running.size());
  html.raw("</section>\n");
}

void put_waiting(Html& html, const wire::QueueStatusOk& queue) {
  if (queue.waiting.empty()) return;
  html.raw(
      "<section aria-labelledby=\"waiting\">\n<h2 id=\"waiting\">Waiting <small>next "
      "first</small></h2>\n<ul class=\"rows\">\n");
  for (const wire::WaitingJob& job : queue.waiting) {
    html.raw("<li><span class=\"grow\">");
    parts::put_job(html, job.job, job.name);
    html.raw(" <span class=\"dim\">of</span> ");
    parts::put_build(html, job.build);
    html.raw("</span><span>");
    put_origin(html, job.repository, job.revision);
    html.raw("</span><span class=\"why\">").text(job.why).raw("</span></li>\n");
  }
  html.raw("</ul>\n");
  put_more(html, queue.waiting_count, queue.waiting.size());
  html.raw("</section>\n");
}

void put_unmatched(Html& html, const wire::QueueStatusOk& queue) {
  if (queue.unmatched.empty()) return;
  html.raw(
      "<section aria-labelledby=\"unmatched\">\n<h2 id=\"unmatched\">Waiting for a worker that "
      "was never seen</h2>\n<ul class=\"rows\">\n");
  for (const wire::UnmatchedJobs& jobs : queue.unmatched) {
    html.raw("<li><span class=\"num\">").text(words::count_of(jobs.count, "job"));
    html.raw("</span><span class=\"why grow\">").text(jobs.why).raw("</span></li>\n");
  }
  html.raw("</ul>\n</section>\n");
}

namespace {

void put_paused(Html& html, const wire::QueueStatusOk& queue, bool has_buttons) {
  if (queue.paused.empty()) return;
  html.raw(
      "<section aria-labelledby=\"paused\">\n<h2 id=\"paused\">Paused</h2>\n<ul "
      "class=\"rows\">\n");
  for (const std::string& repository : queue.paused) {
    html.raw("<li><span class=\"grow\">").text(repository).raw("</span>");
    if (has_buttons)
      html.raw("<a href=\"").text(pause_address(repository, true)).raw("\">Go on…</a>");
    html.raw("</li>\n");
  }
  html.raw("</ul>\n</section>\n");
}

}  // namespace

Page queue_page(const wire::QueueStatusOk& queue, const Usual& usual, UnixMillis now,
                bool has_buttons) {
  Page page;
  page.title = "Queue";
  page.section = Section::Queue;
  page.is_live = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<h1>Queue</h1>\n<p class=\"summary\">");
  html.text(words::count_of(queue.waiting_count, "job")).raw(" waiting, ");
  html.number(queue.running_count).raw(" running, ");
  html.text(words::count_of(queue.worker_count, "worker")).raw("</p>\n");
  put_paused(html, queue, has_buttons);
  put_running(html, queue, usual, now);
  put_waiting(html, queue);
  put_unmatched(html, queue);
  if (queue.running.empty() && queue.waiting.empty())
    html.raw(
        "<p class=\"note\">Nothing runs and nothing waits. A push to a watched repository, or "
        "<code>seaworthy submit REPO</code>, makes a build.</p>\n");
  html.raw("</div>\n");
  return page;
}

Result<Usual, io::ClientError> fetch_usual(io::Client& client,
                                           const std::vector<wire::RunningJob>& running) {
  constexpr size_t kMostRepositories = 16;  // that are asked for; of others nothing is foretold
  std::map<std::string, wire::BuildList> past;
  Usual usual;
  for (const wire::RunningJob& job : running) {
    if (!past.contains(job.repository)) {
      if (past.size() == kMostRepositories) continue;
      wire::ListBuilds question;
      question.repository = job.repository;
      question.with_jobs = true;
      auto list = client.ask_for<wire::BuildList>(question);
      if (!list) return Unexpected{list.error()};
      past[job.repository] = std::move(*list);
    }
    if (const auto known = usual_duration(past[job.repository].builds, job.name))
      usual[job.job] = *known;
  }
  return usual;
}

Asked ask_queue(io::Client& client, const Asking& asking) {
  auto queue = client.ask_for<wire::QueueStatusOk>(wire::QueueStatus{kRows});
  if (!queue) return Unexpected{queue.error()};
  auto usual = fetch_usual(client, queue->running);
  if (!usual) return Unexpected{usual.error()};
  Page page = queue_page(*queue, *usual, io::wall_now(), asking.has_buttons);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
