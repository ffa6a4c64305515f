#include "cli/render/table.h"

#include <algorithm>
#include <utility>

#include "cli/render/text.h"
#include "shared/base/assert.h"

namespace seaworthy::cli::render {

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::add(std::vector<Cell> row) {
  SW_ASSERT(row.size() == headings_.size());
  rows_.push_back(std::move(row));
}

std::string Table::text(const Style& style, size_t indent) const {
  std::vector<std::vector<Cell>> all(1);
  for (const std::string& heading : headings_) all[0].push_back({heading, Colour::Dim});
  all.insert(all.end(), rows_.begin(), rows_.end());

  std::vector<size_t> widths(headings_.size());
  for (const auto& row : all)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i].text));

  std::string text;
  for (const auto& row : all) {
    size_t last = row.size();
    while (last > 0 && row[last - 1].text.empty()) --last;
    text.append(last > 0 ? indent : 0, ' ');
    for (size_t i = 0; i < last; ++i) {
      text += style.paint(row[i].colour, row[i].text);
      if (i + 1 < last) text.append(widths[i] - width(row[i].text) + 2, ' ');
    }
    text.push_back('\n');
  }
  return text;
}

}  // namespace seaworthy::cli::render
