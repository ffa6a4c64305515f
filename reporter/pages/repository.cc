// The builds of one repository, or of one branch of it.
#include <algorithm>

#include "reporter/pages/graphs.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr size_t kBuilds = 50;  // of a page
constexpr size_t kDots = 24;    // jobs of a build
constexpr size_t kRefs = 30;

void put_refs(Html& html, const RepositoryFacts& facts) {
  if (facts.heads.heads.empty()) return;
  html.raw("<nav class=\"refs\" aria-label=\"Branches\"><a href=\"");
  html.text(parts::address_of(facts.repository, "")).raw("\"");
  if (facts.ref.empty()) html.raw(" aria-current=\"page\"");
  html.raw(">all</a>");
  const size_t count = std::min(facts.heads.heads.size(), kRefs);
  for (size_t i = 0; i < count; ++i) {
    const std::string& ref = facts.heads.heads[i].ref;
    html.raw("<a href=\"").text(parts::address_of(facts.repository, ref)).raw("\"");
    if (ref == facts.ref) html.raw(" aria-current=\"page\"");
    html.raw(">").text(words::short_ref(ref)).raw("</a>");
  }
  if (facts.heads.heads.size() > count)
    html.raw("<span class=\"dim\">and ")
        .number(facts.heads.heads.size() - count)
        .raw(" more</span>");
  html.raw("</nav>\n");
}

void put_dots(Html& html, const wire::BuildRow& build) {
  html.raw("<span class=\"strip\">");
  for (size_t i = 0; i < std::min(build.jobs.size(), kDots); ++i) {
    const wire::JobBrief& job = build.jobs[i];
    const std::string words =
        words::printable(job.name, 60) + ": " +
        std::string(job.verdict ? to_string(*job.verdict) : to_string(job.state));
    html.raw("<a href=\"/jobs/").number(job.job.value).raw("/log\" title=\"").text(words);
    html.raw("\" aria-label=\"").text(words).raw("\">");
    parts::put_mark(html, job.state, job.verdict);
    html.raw("</a>");
  }
  if (build.jobs.size() > kDots)
    html.raw("<span class=\"dim\">+").number(build.jobs.size() - kDots).raw("</span>");
  html.raw("</span>");
}

void put_row(Html& html, const RepositoryFacts& facts, const wire::BuildRow& build,
             UnixMillis now) {
  html.raw("<tr><td>");
  parts::put_verdict(html, build.state, build.verdict);
  html.raw("</td><th scope=\"row\"><a class=\"subject\" href=\"/builds/").number(build.build.value);
  html.raw("\">");
  if (build.subject.empty())
    html.raw("build ").number(build.build.value);
  else
    html.text(build.subject);
  html.raw("</a> <span class=\"by\">");
  parts::put_revision(html, build.revision);
  if (!build.author.empty()) html.raw(" ").text(parts::name_of(build.author));
  if (facts.ref.empty()) parts::put_ref(html.raw(" on "), build.repository, build.ref);
  html.raw("</span></th><td>");
  put_dots(html, build);
  html.raw("</td><td class=\"num\">");
  if (build.state == State::Running)
    parts::put_running_time(html, build.started, now);
  else
    html.text(words::took(build, now));
  html.raw("</td><td class=\"num dim\">");
  parts::put_time(html, build.finished ? build.finished : build.submitted, now);
  html.raw("</td></tr>\n");
}

void put_builds(Html& html, const RepositoryFacts& facts, UnixMillis now) {
  html.raw(
      "<div class=\"wide\"><table class=\"builds\">\n<thead><tr><th scope=\"col\">Verdict</th><th "
      "scope=\"col\">Commit</th><th scope=\"col\">Jobs</th><th scope=\"col\">Took</th><th "
      "scope=\"col\">Ended</th></tr></thead>\n<tbody>\n");
  for (const wire::BuildRow& build : facts.builds.builds) put_row(html, facts, build, now);
  html.raw("</tbody></table></div>\n");
}

void put_pager(Html& html, const RepositoryFacts& facts) {
  const std::string address = parts::address_of(facts.repository, facts.ref);
  const bool is_full = facts.builds.builds.size() >= kBuilds;
  if (facts.before == 0 && !is_full) return;
  html.raw("<nav class=\"pager\" aria-label=\"Older and newer builds\">");
  if (facts.before > 0) html.raw("<a href=\"").text(address).raw("\">newest</a>");
  if (is_full)
    html.raw("<a href=\"")
        .text(address + (facts.ref.empty() ? "?" : "&"))
        .raw("before=")
        .number(facts.builds.builds.back().rank)
        .raw("\">older</a>");
  html.raw("</nav>\n");
}

}  // namespace

Page repository_page(const RepositoryFacts& facts, UnixMillis now) {
  Page page;
  const std::string name = words::short_repository(facts.repository);
  page.title = name + (facts.ref.empty() ? "" : " " + words::short_ref(facts.ref));
  page.section = Section::Home;
  page.is_live = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<p class=\"path\"><a href=\"/\">Builds</a>");
  if (!facts.ref.empty()) parts::put_repository(html.raw(" / "), facts.repository);
  html.raw("</p>\n<h1>").text(facts.ref.empty() ? name : words::short_ref(facts.ref));
  html.raw(" <small>").text(facts.repository).raw("</small></h1>\n");
  put_refs(html, facts);
  if (facts.builds.builds.empty()) {
    html.raw("<p class=\"note\">No builds of it yet. Make one: <code>seaworthy submit REPO</code>");
    html.raw("</p>\n</div>\n");
    return page;
  }
  if (facts.before == 0)
    for (const Regression& one : regressions_of(facts.builds.builds))
      if (one.last.ref == facts.ref) put_regression(html.raw("<p>"), one, now), html.raw("</p>\n");
  put_history_graph(html, facts.builds.builds);
  put_builds(html, facts, now);
  put_pager(html, facts);
  html.raw("</div>\n");
  return page;
}

Asked ask_repository(io::Client& client, const RepositoryRoute& route, const Asking& asking) {
  RepositoryFacts facts{route.repository, route.ref, route.before, {}, {}};
  wire::ListBuilds question;
  question.repository = route.repository;
  question.ref = route.ref;
  question.before = route.before;
  question.with_jobs = true;
  while (facts.builds.builds.size() < kBuilds) {
    question.limit = static_cast<uint32_t>(kBuilds - facts.builds.builds.size());
    auto list = client.ask_for<wire::BuildList>(question);
    if (!list) return Unexpected{list.error()};
    if (list->builds.empty()) break;
    question.before = list->builds.back().rank;
    std::move(list->builds.begin(), list->builds.end(), std::back_inserter(facts.builds.builds));
  }
  auto heads = client.ask_for<wire::HeadList>(wire::ListHeads{route.repository, ""});
  if (!heads) return Unexpected{heads.error()};
  facts.heads = std::move(*heads);
  Page page = facts.builds.builds.empty() && facts.heads.heads.empty()
                  ? not_found_page("There is no such repository, or none of its builds is kept.")
                  : repository_page(facts, io::wall_now());
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
