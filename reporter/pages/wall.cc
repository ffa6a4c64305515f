// Home for a screen on the wall: read from across the room, touched by nobody.
#include <algorithm>
#include <map>

#include "reporter/branches.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/parts.h"
#include "shared/io/clock.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

constexpr size_t kTiles = 24;
constexpr size_t kFailing = 6;

// What a repository's tile shows: its main branch, or where there is none the branch built last.
struct Tile {
  const wire::BuildRow* newest = nullptr;
  const wire::BuildRow* decided = nullptr;
};

std::vector<Tile> tiles_of(const HomeFacts& facts) {
  std::map<std::string, std::string> shown;  // of each repository
  for (const wire::BuildRow& build : facts.newest.builds) {
    std::string& ref = shown[build.repository];
    if (ref.empty() || (is_main(build.ref) && !is_main(ref))) ref = build.ref;
  }
  std::map<std::string, Tile> tiles;
  for (const wire::BuildRow& build : facts.newest.builds) {
    if (build.ref != shown[build.repository]) continue;
    Tile& tile = tiles[build.repository];
    if (tile.newest == nullptr) tile.newest = &build;
    if (tile.decided == nullptr && is_decided(build)) tile.decided = &build;
  }
  std::vector<Tile> all;
  for (const auto& [name, tile] : tiles) all.push_back(tile);
  // What fails first, then what changed last.
  std::stable_sort(all.begin(), all.end(), [](const Tile& a, const Tile& b) {
    const bool a_fails = a.decided != nullptr && !is_good(*a.decided);
    const bool b_fails = b.decided != nullptr && !is_good(*b.decided);
    if (a_fails != b_fails) return a_fails;
    return a.newest->rank > b.newest->rank;
  });
  return all;
}

void put_tile(Html& html, const Tile& tile, UnixMillis now) {
  const wire::BuildRow& shown = tile.decided != nullptr ? *tile.decided : *tile.newest;
  const std::string word(shown.verdict ? to_string(*shown.verdict) : to_string(shown.state));
  html.raw("<li class=\"tile ").text(word).raw("\"><h2>");
  html.text(words::short_repository(shown.repository)).raw(" <small>");
  html.text(words::short_ref(shown.ref)).raw("</small></h2><p class=\"big\">");
  parts::put_verdict(html, shown.state, shown.verdict);
  html.raw("</p><p class=\"subject\">").text(words::printable(shown.subject, 80));
  html.raw("</p><p>").text(words::printable(parts::name_of(shown.author), 40)).raw(" · ");
  parts::put_time(html, shown.finished ? shown.finished : shown.submitted, now);
  html.raw("</p>");
  if (tile.newest != &shown) {
    html.raw("<p class=\"then\">build ").number(tile.newest->build.value).raw(" ");
    html.text(to_string(tile.newest->state)).raw("</p>");
  }
  html.raw("</li>\n");
}

}  // namespace

Page wall_page(const HomeFacts& facts, UnixMillis now) {
  Page page;
  page.title = "Wall";
  page.section = Section::Home;
  page.is_live = true;
  page.is_wall = true;
  Html& html = page.main;
  html.raw("<div id=\"facts\" data-refresh=\"60\">\n<h1 class=\"hidden\">Builds</h1>\n");
  html.raw("<p class=\"summary\">").number(facts.queue.running_count).raw(" running, ");
  html.number(facts.queue.waiting_count).raw(" waiting · ");
  html.text(words::count_of(facts.workers.workers.size(), "worker"));
  if (!facts.workers.workers.empty()) html.raw(": ").text(workers_in_words(facts.workers));
  html.raw("</p>\n");
  const std::vector<Tile> tiles = tiles_of(facts);
  if (tiles.empty()) html.raw("<p class=\"note\">No builds yet</p>\n");
  html.raw("<ul class=\"tiles\">\n");
  for (size_t i = 0; i < std::min(tiles.size(), kTiles); ++i) put_tile(html, tiles[i], now);
  html.raw("</ul>\n");
  if (tiles.size() > kTiles)
    html.raw("<p>and ").number(tiles.size() - kTiles).raw(" more repositories</p>\n");
  const std::vector<Regression> failing = failing_branches(facts);
  if (!failing.empty()) html.raw("<h2>Failing</h2>\n<ul class=\"failing\">\n");
  for (size_t i = 0; i < std::min(failing.size(), kFailing); ++i) {
    html.raw("<li>").text(words::short_repository(failing[i].last.repository)).raw(" / ");
    html.text(words::short_ref(failing[i].last.ref)).raw(" ");
    put_regression(html, failing[i], now);
    html.raw("</li>\n");
  }
  html.raw(failing.empty() ? Literal("</div>\n") : Literal("</ul>\n</div>\n"));
  return page;
}

Asked ask_wall(io::Client& client, const Asking& asking) {
  const auto facts = fetch_home(client);
  if (!facts) return Unexpected{facts.error()};
  Page page = wall_page(*facts, io::wall_now());
  page.after = asking.after;
  page.has_sign_in = asking.has_sign_in;
  Found found;
  found.answer = framed(page);
  return found;
}

}  // namespace seaworthy::reporter::pages
