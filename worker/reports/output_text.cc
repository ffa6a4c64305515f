#include "worker/reports/output_text.h"

#include <algorithm>
#include <utility>

#include "worker/reports/words.h"

namespace seaworthy::worker::reports {
namespace {

// What is longer says nothing of a test behind this.
constexpr size_t kLineBytes = 8 * 1024;

template <class Take>
void each_line(std::string_view bytes, std::string& line, Take take_line) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    line.append(piece.substr(0, kLineBytes - std::min(kLineBytes, line.size())));
    if (end == std::string_view::npos) return;
    take_line();
    line.clear();
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace

void OutputText::feed(std::string_view bytes) {
  each_line(bytes, line_, [this] { take_line(); });
}

void OutputText::take_line() {
  const std::string text = plain(line_);
  tap_.line(text);
  ctest_.line(text);
  unittest_.line(text);
}

void OutputText::finish(Collection& into) {
  if (!line_.empty()) take_line();
  line_.clear();
  tap_.finish(into);
  ctest_.finish(into);
  unittest_.finish(into);
}

void read_tap(std::string_view text, std::string suite, Collection& into) {
  TapReader reader(TapReader::Source::File, std::move(suite));
  std::string line;
  each_line(text, line, [&] { reader.line(plain(line)); });
  if (!line.empty()) reader.line(plain(line));
  reader.finish(into);
}

}  // namespace seaworthy::worker::reports
