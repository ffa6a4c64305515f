#include <algorithm>
#include <map>

#include "reporter/pages/graphs.h"
#include "reporter/pages/parts.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::pages {
namespace {

// In the picture's own units, which are pixels.
constexpr uint64_t kBoxWidth = 178, kBoxHeight = 32, kAcross = 56, kDown = 10, kRim = 4;
constexpr size_t kMostJobs = 80;
constexpr size_t kNameLength = 19;

struct Box {
  const wire::JobRow* job = nullptr;
  size_t column = 0;  // one more than the furthest of what it needs
  size_t place = 0;   // in its column, from the top

  uint64_t x() const { return kRim + column * (kBoxWidth + kAcross); }
  uint64_t y() const { return kRim + place * (kBoxHeight + kDown); }
};

using Boxes = std::map<JobId, Box>;

// Whether one had to move.
bool move_right(Boxes& boxes) {
  bool moved = false;
  for (auto& [id, box] : boxes)
    for (const JobId needed : box.job->needs) {
      const auto found = boxes.find(needed);
      if (found == boxes.end() || box.column > found->second.column) continue;
      box.column = found->second.column + 1;
      moved = true;
    }
  return moved;
}

Boxes boxes_of(const std::vector<wire::JobRow>& jobs) {
  Boxes boxes;
  for (const wire::JobRow& job : jobs) boxes[job.job].job = &job;
  // Each pass puts one more column right; more would be a circle, which no pipeline has.
  for (size_t i = 0; i < boxes.size() && move_right(boxes); ++i) continue;
  std::map<size_t, size_t> filled;
  for (auto& [id, box] : boxes) box.place = filled[box.column]++;
  return boxes;
}

void put_edge(Html& html, const Box& from, const Box& to) {
  const uint64_t x1 = from.x() + kBoxWidth, y1 = from.y() + kBoxHeight / 2;
  const uint64_t x2 = to.x(), y2 = to.y() + kBoxHeight / 2, middle = x2 - kAcross / 2;
  html.raw("<path class=\"edge\" d=\"M").number(x1).raw(" ").number(y1).raw("H");
  html.number(middle - kAcross / 4).raw("C").number(middle).raw(" ").number(y1).raw(" ");
  html.number(middle).raw(" ").number(y2).raw(" ").number(middle + kAcross / 4).raw(" ");
  html.number(y2).raw("H").number(x2).raw("\"/>\n");
}

void put_box(Html& html, const Box& box) {
  const wire::JobRow& job = *box.job;
  const std::string word(job.verdict ? to_string(*job.verdict) : to_string(job.state));
  html.raw("<a href=\"/jobs/").number(job.job.value).raw("/log\"><title>").text(job.name);
  html.text(": " + word).raw("</title><rect class=\"box ").text(word).raw("\" rx=\"6\" x=\"");
  html.number(box.x()).raw("\" y=\"").number(box.y()).raw("\" width=\"").number(kBoxWidth);
  html.raw("\" height=\"").number(kBoxHeight).raw("\"/>");
  html.raw("<g class=\"").text(word).raw("\">");
  parts::put_mark_at(html, job.state, job.verdict, box.x() + 8, box.y() + 8);
  html.raw("</g><text x=\"").number(box.x() + 32).raw("\" y=\"").number(box.y() + 21).raw("\">");
  html.text(words::printable(job.name, kNameLength)).raw("</text></a>\n");
}

}  // namespace

void put_job_graph(Html& html, const std::vector<wire::JobRow>& jobs) {
  const bool has_needs = std::any_of(jobs.begin(), jobs.end(),
                                     [](const wire::JobRow& job) { return !job.needs.empty(); });
  if (!has_needs || jobs.size() > kMostJobs) return;
  const Boxes boxes = boxes_of(jobs);
  uint64_t width = 0, height = 0;
  for (const auto& [id, box] : boxes) {
    width = std::max(width, box.x() + kBoxWidth + kRim);
    height = std::max(height, box.y() + kBoxHeight + kRim);
  }
  html.raw(
      "<div class=\"graph\" tabindex=\"0\" role=\"group\" aria-label=\"Jobs and what they need\">");
  html.raw("<svg width=\"").number(width).raw("\" height=\"").number(height);
  html.raw("\" viewBox=\"0 0 ").number(width).raw(" ").number(height).raw("\">\n");
  for (const auto& [id, box] : boxes)
    for (const JobId needed : box.job->needs)
      if (const auto found = boxes.find(needed); found != boxes.end())
        put_edge(html, found->second, box);
  for (const auto& [id, box] : boxes) put_box(html, box);
  html.raw("</svg></div>\n");
}

}  // namespace seaworthy::reporter::pages
