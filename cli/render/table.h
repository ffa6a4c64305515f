// Table lines up columns for people. The last column is not padded, so that no line ends in spaces.
// Cells are plain text of one line; colours are put around the padded cell.
#pragma once

#include <string>
#include <vector>

#include "cli/render/style.h"

namespace seaworthy::cli::render {

struct Cell {
  std::string text;
  Colour colour = Colour::Plain;
};

class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  // With its heading line, each line after `indent` spaces.
  std::string text(const Style& style, size_t indent = 0) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace seaworthy::cli::render
