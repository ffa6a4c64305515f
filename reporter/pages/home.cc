#include <algorithm>
#include <map>
#include <set>

#include "reporter/actions.h"
#include "reporter/branches.h"
#include "reporter/feeds/feeds.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr size_t kBuildsLookedAt = 400;  // the newest
constexpr size_t kStrip = 12;            // builds of a branch
constexpr size_t kBranches = 8;          // of a repository
constexpr size_t kRegressions = 6;
constexpr uint32_t kQueueRows = 10;  // of what runs, and of what waits

using Builds = std::vector<const wire::BuildRow*>;  // newest first

struct ShownBranch {
  std::string ref;
  Builds builds;
};

struct ShownRepository {
  std::map<std::string, Builds> branches;
};

// The main one first, then those that had a build last.
std::vector<ShownBranch> in_order(const ShownRepository& repository) {
  std::vector<ShownBranch> all;
  for (const auto& [ref, builds] : repository.branches) all.push_back({ref, builds});
  auto newest = [](const ShownBranch& branch) {
    return branch.builds.empty() ? 0 : branch.builds.front()->rank;
  };
  std::stable_sort(all.begin(), all.end(), [&](const ShownBranch& a, const ShownBranch& b) {
    if (is_main(a.ref) != is_main(b.ref)) return is_main(a.ref);
    return newest(a) > newest(b);
  });
  return all;
}

std::map<std::string, ShownRepository> repositories_of(const HomeFacts& facts) {
  std::map<std::string, ShownRepository> all;
  for (const wire::Head& head : facts.heads.heads) all[head.repository].branches[head.ref];
  for (const wire::BuildRow& build : facts.newest.builds) {
    Builds& builds = all[build.repository].branches[build.ref];
    if (builds.size() < kStrip) builds.push_back(&build);
  }
  return all;
}

void put_strip(Html& html, const Builds& builds) {
  html.raw("<span class=\"strip\">");
  for (auto build = builds.rbegin(); build != builds.rend(); ++build) {
    const std::string words =
        "build " + std::to_string((*build)->build.value) + ": " +
        std::string((*build)->verdict ? to_string(*(*build)->verdict) : to_string((*build)->state));
    html.raw("<a href=\"/builds/").number((*build)->build.value).raw("\" title=\"");
    html.text(words + ", " + words::printable((*build)->subject, 60)).raw("\" aria-label=\"");
    html.text(words).raw("\">");
    parts::put_mark(html, (*build)->state, (*build)->verdict);
    html.raw("</a>");
  }
  html.raw("</span>");
}

void put_branch(Html& html, const std::string& repository, const ShownBranch& branch,
                UnixMillis now) {
  html.raw("<li class=\"branch\"><span class=\"name\">");
  parts::put_ref(html, repository, branch.ref);
  html.raw("</span>");
  if (branch.builds.empty()) {
    html.raw("<span class=\"dim what\">no build among the newest</span></li>\n");
    return;
  }
  const wire::BuildRow& newest = *branch.builds.front();
  parts::put_verdict(html, newest.state, newest.verdict);
  html.raw("<span class=\"what\"><a class=\"subject\" href=\"/builds/").number(newest.build.value);
  html.raw("\">");
  if (newest.subject.empty())
    html.raw("build ").number(newest.build.value);
  else
    html.text(newest.subject);
  html.raw("</a> ");
  parts::put_revision(html, newest.revision);
  html.raw("</span><span class=\"took num\">");
  if (newest.state == State::Running)
    parts::put_running_time(html, newest.started, now);
  else
    html.text(words::took(newest, now));
  html.raw("</span><span class=\"when num dim\">");
  parts::put_time(html, newest.finished ? newest.finished : newest.submitted, now);
  html.raw("</span>");
  put_strip(html, branch.builds);
  html.raw("</li>\n");
}

void put_repository(Html& html, const std::string& name, const ShownRepository& repository,
                    UnixMillis now) {
  const std::vector<ShownBranch> branches = in_order(repository);
  html.raw("<section class=\"repository\">\n<h2>");
  parts::put_repository(html, name);
  html.raw(" <small>").text(name).raw("</small></h2>\n<ul class=\"branches\">\n");
  for (size_t i = 0; i < std::min(branches.size(), kBranches); ++i)
    put_branch(html, name, branches[i], now);
  html.raw("</ul>\n");
  if (branches.size() > kBranches)
    html.raw("<p><a href=\"")
        .text(parts::address_of(name, ""))
        .raw("\">and ")
        .number(branches.size() - kBranches)
        .raw(" more branches</a></p>\n");
}

// Ends the repository's section.
void put_repository_links(Html& html, const std::string& name, bool is_paused, bool has_buttons) {
  html.raw("<p class=\"dim\">");
  if (is_paused) html.raw("<strong>Paused: its jobs wait.</strong> ");
  html.raw("<a href=\"").text(feeds::atom_address(name)).raw("\">Atom</a>");
  if (has_buttons)
    html.raw(" · <a href=\"")
        .text(pause_address(name, is_paused))
        .raw("\">")
        .text(is_paused ? "Go on…" : "Pause…")
        .raw("</a>");
  html.raw("</p>\n</section>\n");
}

// Of branches that are there still, as far as somebody watches them.
bool is_there(const HomeFacts& facts, const wire::BuildRow& build) {
  bool is_watched = false;
  for (const wire::Head& head : facts.heads.heads) {
    if (head.repository != build.repository) continue;
    if (head.ref == build.ref) return true;
    is_watched = true;
  }
  return !is_watched || facts.heads.more;
}

void put_regressions(Html& html, const HomeFacts& facts, UnixMillis now) {
  const std::vector<Regression> all = failing_branches(facts);
  if (all.empty()) return;
  html.raw("<section aria-labelledby=\"failing\">\n<h2 id=\"failing\">Failing</h2>\n");
  html.raw("<ul class=\"rows\">\n");
  for (size_t i = 0; i < std::min(all.size(), kRegressions); ++i) {
    html.raw("<li><span class=\"grow\">");
    parts::put_repository(html, all[i].last.repository);
    html.raw(" / ");
    parts::put_ref(html, all[i].last.repository, all[i].last.ref);
    put_regression(html.raw(" "), all[i], now);
    html.raw("</span></li>\n");
  }
  html.raw("</ul>\n");
  if (all.size() > kRegressions)
    html.raw("<p class=\"dim\">and ").number(all.size() - kRegressions).raw(" more</p>\n");
  html.raw("</section>\n");
}

void put_summary(Html& html, const HomeFacts& facts) {
  html.raw("<p class=\"summary\"><a href=\"/queue\">").number(facts.queue.running_count);
  html.raw(" running, ")
      .number(facts.queue.waiting_count)
      .raw(" waiting</a> · <a href=\"/workers\">");
  html.text(words::count_of(facts.workers.workers.size(), "worker")).raw("</a>");
  if (!facts.workers.workers.empty()) html.raw(": ").text(workers_in_words(facts.workers));
  html.raw("</p>\n");
  if (facts.workers.workers.empty())
    html.raw(
        "<p class=\"note\">No workers: nothing will run until one is started with "
        "<code>seaworthy worker --broker ENDPOINT</code>.</p>\n");
}

}  // namespace

std::vector<Regression> failing_branches(const HomeFacts& facts) {
  std::vector<Regression> all = regressions_of(facts.newest.builds);
  std::erase_if(all, [&](const Regression& one) { return !is_there(facts, one.last); });
  return all;
}

void put_regression(Html& html, const Regression& regression, UnixMillis now) {
  const wire::BuildRow& first = regression.first;
  html.raw("<span class=\"failed\">failing</span> since ");
  if (regression.is_older) html.raw("its first known build, ");
  html.raw("<a href=\"/builds/").number(first.build.value).raw("\">");
  parts::put_revision(html, first.revision);
  html.raw("</a>");
  if (!first.author.empty()) html.raw(" by ").text(parts::name_of(first.author));
  html.raw(" <span class=\"dim\">").text(words::count_of(regression.count, "build")).raw(", ");
  parts::put_time(html, first.submitted, now);
  html.raw("</span>");
}

Page home_page(const HomeFacts& facts, UnixMillis now, bool has_buttons) {
  Page page;
  page.title = "Builds";
  page.section = Section::Home;
  page.is_live = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\">\n<h1 class=\"hidden\">Builds</h1>\n");
  put_summary(html, facts);
  put_regressions(html, facts, now);
  const auto repositories = repositories_of(facts);
  if (repositories.empty())
    html.raw(
        "<section>\n<h2>No repositories yet</h2>\n<p>Watch one: <code>seaworthy watcher "
        "REPO</code>; or make a build by hand: <code>seaworthy submit REPO</code>.</p>\n"
        "</section>\n");
  for (const auto& [name, repository] : repositories) {
    const bool is_paused = std::ranges::find(facts.queue.paused, name) != facts.queue.paused.end();
    put_repository(html, name, repository, now);
    put_repository_links(html, name, is_paused, has_buttons);
  }
  put_running(html, facts.queue, facts.usual, now);
  put_waiting(html, facts.queue);
  put_unmatched(html, facts.queue);
  html.raw("</div>\n");
  return page;
}

Result<HomeFacts, io::ClientError> fetch_home(io::Client& client) {
  HomeFacts facts;
  auto queue = client.ask_for<wire::QueueStatusOk>(wire::QueueStatus{kQueueRows});
  if (!queue) return Unexpected{queue.error()};
  facts.queue = std::move(*queue);
  auto workers = client.ask_for<wire::WorkerList>(wire::ListWorkers{});
  if (!workers) return Unexpected{workers.error()};
  facts.workers = std::move(*workers);
  auto heads = client.ask_for<wire::HeadList>(wire::ListHeads{});
  if (!heads) return Unexpected{heads.error()};
  facts.heads = std::move(*heads);
  wire::ListBuilds question;
  while (facts.newest.builds.size() < kBuildsLookedAt) {
    question.limit = static_cast<uint32_t>(kBuildsLookedAt - facts.newest.builds.size());
    auto list = client.ask_for<wire::BuildList>(question);
    if (!list) return Unexpected{list.error()};
    if (list->builds.empty()) break;
    question.before = list->builds.back().rank;
    std::move(list->builds.begin(), list->builds.end(), std::back_inserter(facts.newest.builds));
  }
  auto usual = fetch_usual(client, facts.queue.running);
  if (!usual) return Unexpected{usual.error()};
  facts.usual = std::move(*usual);
  return facts;
}

Asked ask_home(io::Client& client, const Asking& asking) {
  const auto facts = fetch_home(client);
  if (!facts) return Unexpected{facts.error()};
  Page page = home_page(*facts, io::wall_now(), asking.has_buttons);
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
