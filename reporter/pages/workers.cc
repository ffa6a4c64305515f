#include <map>

#include "reporter/actions.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

void put_state(Html& html, const wire::WorkerRow& worker) {
  Literal name = "queued";
  if (worker.state == "busy") name = "running";
  if (worker.state == "sick" || worker.state == "drained") name = "flaky";
  if (worker.state == "silent") name = "failed";
  html.raw("<span class=\"state ").raw(name).raw("\">").text(worker.state).raw("</span>");
}

void put_worker(Html& html, const wire::WorkerRow& worker, UnixMillis now, bool has_buttons) {
  html.raw("<tr><th scope=\"row\">").text(worker.worker).raw("</th><td>");
  put_state(html, worker);
  if (has_buttons)
    html.raw(" <a href=\"")
        .text(drain_address(worker.worker, worker.drained))
        .raw("\">")
        .text(worker.drained ? "Undo drain…" : "Drain…")
        .raw("</a>");
  html.raw("</td><td>");
  if (worker.job) html.raw("<a href=\"/jobs/").number(worker.job.value).raw("/log\">job ");
  if (worker.job) html.number(worker.job.value).raw("</a>");
  html.raw("</td><td>").text(worker.host).raw(" <span class=\"dim\">").number(worker.pid);
  html.raw("</span></td><td>");
  parts::put_time(html, worker.last_heard, now);
  html.raw("</td><td>").text(worker.version).raw("</td><td>");
  for (const std::string& label : worker.labels)
    html.raw("<span class=\"label\">").text(label).raw("</span> ");
  html.raw("</td></tr>\n");
  if (!worker.reason.empty())
    html.raw("<tr><td colspan=\"7\" class=\"note\">takes no jobs: ")
        .text(worker.reason)
        .raw("</td></tr>\n");
}

}  // namespace

std::string workers_in_words(const wire::WorkerList& list) {
  std::map<std::string, size_t> counts;
  for (const wire::WorkerRow& worker : list.workers) ++counts[worker.state];
  std::string text;
  for (const auto& [state, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + state;
  return text;
}

Page workers_page(const wire::WorkerList& list, UnixMillis now, bool has_buttons) {
  Page page;
  page.title = "Workers";
  page.section = Section::Workers;
  page.is_live = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\" data-refresh=\"10\">\n<h1>Workers</h1>\n");
  if (list.workers.empty()) {
    html.raw(
        "<p class=\"note\">No workers. Start one with <code>seaworthy worker --broker "
        "ENDPOINT</code>.</p>\n</div>\n");
    return page;
  }
  html.raw("<p class=\"summary\">").text(words::count_of(list.workers.size(), "worker"));
  html.raw(": ").text(workers_in_words(list)).raw("</p>\n");
  html.raw(
      "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Worker</th><th "
      "scope=\"col\">State</th><th scope=\"col\">Job</th><th scope=\"col\">Host, pid</th><th "
      "scope=\"col\">Heard</th><th scope=\"col\">Version</th><th scope=\"col\">Labels</th>"
      "</tr></thead>\n<tbody>\n");
  for (const wire::WorkerRow& worker : list.workers) put_worker(html, worker, now, has_buttons);
  html.raw("</tbody></table></div>\n</div>\n");
  return page;
}

Asked ask_workers(io::Client& client, const Asking& asking) {
  auto list = client.ask_for<wire::WorkerList>(wire::ListWorkers{});
  if (!list) return Unexpected{list.error()};
  Page page = workers_page(*list, io::wall_now(), asking.has_buttons);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
