#include "reporter/log_index.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {

// Lines of different lengths, one of them longer than a row; colours that go on.
std::string some_output(size_t lines) {
  std::string text;
  for (size_t i = 1; i <= lines; ++i) {
    if (i % 97 == 0) text += "\x1b[3" + std::to_string(i / 97 % 8) + "m";
    text += "line " + std::to_string(i) + std::string(i * 7919 % 120, '.');
    if (i == 1'000) text += std::string(40'000, 'x');
    text += '\n';
  }
  return text;
}

LogIndex index_of(const std::string& text, size_t piece) {
  LogIndex index;
  for (size_t at = 0; at < text.size(); at += piece)
    index.take(std::string_view(text).substr(at, piece), false);
  index.take({}, true);
  return index;
}

// From this place on, as a page would.
LogPosition walk(const std::string& text, LogPosition at, auto is_there) {
  while (!is_there(at)) {
    const auto row = next_row(std::string_view(text).substr(at.offset), at, true);
    REQUIRE(row);
    at = row->next;
  }
  return at;
}

}  // namespace

TEST_CASE("every row, line and byte is found near a place that is known, with number and colours") {
  const std::string text = some_output(20'000);
  const LogIndex index = index_of(text, 5'000);
  CHECK(index.bytes() == text.size());
  CHECK(index.lines() == 20'000);
  CHECK(index.rows() == 20'002);
  LogPosition at;
  while (at.offset < text.size()) {
    const auto row = next_row(std::string_view(text).substr(at.offset), at, true);
    REQUIRE(row);
    if (at.row % 331 == 0 || at.line == 1'000) {
      CAPTURE(at.row, at.line);
      const LogPosition by_row = index.before_row(at.row);
      CHECK(at.offset - by_row.offset < 100'000);
      CHECK(walk(text, by_row, [&](auto& p) { return p.row == at.row; }).offset == at.offset);
      CHECK(walk(text, by_row, [&](auto& p) { return p.row == at.row; }).look == at.look);
      CHECK(index.before_line(at.line).line <= at.line);
      CHECK_FALSE(index.before_line(at.line).continues);
      const LogPosition by_offset = index.before_offset(at.offset);
      CHECK(at.offset - by_offset.offset < 100'000);
      CHECK(walk(text, by_offset, [&](auto& p) { return p.offset == at.offset; }).line == at.line);
    }
    at = row->next;
  }
}

TEST_CASE("it is the same in whatever pieces the output came") {
  const std::string text = some_output(3'000) + "no end";
  const LogIndex whole = index_of(text, text.size());
  for (const size_t piece : {size_t{1}, size_t{17}, size_t{65'536}}) {
    const LogIndex index = index_of(text, piece);
    CHECK(index.rows() == whole.rows());
    CHECK(index.lines() == 3'001);
    CHECK(index.before_row(2'000).offset == whole.before_row(2'000).offset);
  }
}

TEST_CASE("a line that is being written counts before it has an end, and once") {
  LogIndex index;
  CHECK(index.rows() == 0);
  CHECK(index.lines() == 0);
  index.take("one\ntw", false);
  CHECK(index.rows() == 2);
  CHECK(index.lines() == 2);
  CHECK(index.bytes() == 6);
  index.take("o\n", false);
  CHECK(index.rows() == 2);
  CHECK(index.lines() == 2);
}

TEST_CASE("an output of any length has a bounded index") {
  LogIndex index;
  const std::string line(16'000, 'x');
  const std::string piece = line + "\n" + line + "\n" + line + "\n" + line + "\n";
  const size_t pieces = LogIndex::kMostPlaces * 2;
  for (size_t i = 0; i < pieces; ++i) index.take(piece, false);
  CHECK(index.lines() == pieces * 4);
  const uint64_t far = index.bytes() - 1'000'000;
  CHECK(far - index.before_offset(far).offset < 600'000);
}
