#include <algorithm>
#include <array>

#include "reporter/forecast.h"
#include "reporter/pages/graphs.h"
#include "reporter/pages/parts.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

// In the picture's own units.
constexpr uint64_t kWidth = 720, kBars = 110, kGap = 26, kRates = 40;
constexpr uint64_t kHeight = kBars + kGap + kRates;
constexpr size_t kTrailing = 10;

using Builds = std::vector<const wire::BuildRow*>;  // oldest first

uint64_t length_of(const wire::BuildRow& build) {
  return static_cast<uint64_t>(words::between(build.started, build.finished).count());
}

void put_bar(Html& html, const wire::BuildRow& build, uint64_t x, uint64_t width,
             uint64_t longest) {
  const uint64_t height = std::max<uint64_t>(2, length_of(build) * kBars / longest);
  const std::string word(to_string(*build.verdict));
  html.raw("<a href=\"/builds/").number(build.build.value).raw("\"><title>build ");
  html.number(build.build.value)
      .text(": " + word + " in " + words::took(build, {}) + ", " +
            words::printable(build.subject, 60));
  html.raw("</title><rect class=\"bar ").text(word).raw("\" rx=\"1.5\" x=\"").number(x);
  html.raw("\" y=\"").number(kBars - height).raw("\" width=\"").number(width);
  html.raw("\" height=\"").number(height).raw("\"/></a>\n");
}

// How many of the ten builds up to this one were good, of a hundred.
uint64_t rate_at(const Builds& builds, size_t last) {
  size_t decided = 0, good = 0;
  for (size_t i = last + 1; i > 0 && decided < kTrailing; --i) {
    if (is_decided(*builds[i - 1])) ++decided;
    if (is_good(*builds[i - 1])) ++good;
  }
  return decided == 0 ? 0 : good * 100 / decided;
}

void put_rates(Html& html, const Builds& builds, uint64_t step) {
  html.raw("<polyline class=\"rate\" points=\"");
  for (size_t i = 0; i < builds.size(); ++i)
    html.number(i * step + step / 2)
        .raw(",")
        .number(kHeight - 2 - rate_at(builds, i) * (kRates - 4) / 100)
        .raw(" ");
  html.raw("\"/>\n");
}

uint64_t median_of(const Builds& builds) {
  std::vector<uint64_t> all;
  for (const wire::BuildRow* build : builds) all.push_back(length_of(*build));
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

}  // namespace

void put_history_graph(Html& html, const std::vector<wire::BuildRow>& builds) {
  Builds ended;
  for (auto build = builds.rbegin(); build != builds.rend(); ++build)
    if (build->verdict && build->started && build->finished) ended.push_back(&*build);
  if (ended.size() < 2) return;
  uint64_t longest = 1;
  for (const wire::BuildRow* build : ended) longest = std::max(longest, length_of(*build));
  const uint64_t step = std::clamp<uint64_t>(kWidth / ended.size(), 4, 24);
  const std::string median = words::duration(Duration{static_cast<int64_t>(median_of(ended))});
  const std::string most = words::duration(Duration{static_cast<int64_t>(longest)});
  html.raw("<figure class=\"history\">\n<figcaption>");
  if (const auto good = good_permille(builds))
    html.raw("<b>").number(*good / 10).raw(" %</b> of these passed · ");
  html.raw("median <b>").text(median).raw("</b> · longest ").text(most);
  html.raw(
      "</figcaption>\n<svg role=\"group\" aria-label=\"How long builds took, and how many of the "
      "ten");
  html.raw(" up to each passed\" viewBox=\"0 0 ").number(std::max(step * ended.size(), kWidth / 2));
  html.raw(" ").number(kHeight).raw("\" preserveAspectRatio=\"xMinYMid meet\">\n");
  for (size_t i = 0; i < ended.size(); ++i) put_bar(html, *ended[i], i * step, step - 2, longest);
  const uint64_t middle = kBars - median_of(ended) * kBars / longest;
  html.raw("<path class=\"median\" d=\"M0 ").number(middle).raw("H");
  html.number(step * ended.size()).raw("\"/>\n<text x=\"0\" y=\"").number(kBars + 18);
  html.raw("\">passed of the last ten</text>\n");
  put_rates(html, ended, step);
  html.raw("</svg>\n</figure>\n");
}

}  // namespace seaworthy::reporter::pages
