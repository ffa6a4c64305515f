#include "reporter/log_lines.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {
size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}
}  // namespace

TEST_CASE("each line has its number, and an address by it") {
  const LogStretch stretch = render_log("one\ntwo\n", {}, true);
  CHECK(stretch.lines.markup() ==
        "<ol>\n<li id=\"L1\"><a tabindex=\"-1\" href=\"#L1\">1</a><span>one</span></li>\n"
        "<li id=\"L2\"><a tabindex=\"-1\" href=\"#L2\">2</a><span>two</span></li>\n</ol>\n");
  CHECK(stretch.next.offset == 8);
  CHECK(stretch.next.line == 3);
}

TEST_CASE("a last line without an end is one when the job has ended, else it grows") {
  CHECK(render_log("one\ntw", {}, true).next.offset == 6);
  const LogStretch growing = render_log("one\n\x1b[31mtw", {}, false);
  CHECK(growing.next.offset == 4);
  CHECK(growing.next.line == 2);
  CHECK(growing.next.look == Look{});
  CHECK(count(growing.lines.markup(), "class=\"grows\"") == 1);
}

TEST_CASE("a log in pieces is the log at once, wherever it is cut") {
  const std::string text =
      "\x1b[32mgreen\nstill green\x1b[0m\nplain ä€👩\r\nprogress 1%\rprogress 99%\n\nlast";
  auto lines_of = [](const Html& html) {
    std::string markup = html.markup();
    for (const std::string block : {"<ol>\n", "<ol class=\"full\">\n", "</ol>\n"})
      for (size_t at = markup.find(block); at != std::string::npos; at = markup.find(block))
        markup.erase(at, block.size());
    return markup;
  };
  const std::string whole = lines_of(render_log(text, {}, true).lines);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const LogStretch first = render_log(std::string_view(text).substr(0, cut), {}, false);
    std::string shown = lines_of(first.lines);
    if (const size_t grows = shown.rfind("<li id=\"L" + std::to_string(first.next.line) + "\"");
        grows != std::string::npos)
      shown.erase(grows);
    LogPosition next = first.next;
    next.look = Look::of_word(next.look.word());
    const LogStretch second =
        render_log(std::string_view(text).substr(first.next.offset), next, true);
    CAPTURE(cut);
    CHECK(shown + lines_of(second.lines) == whole);
  }
}

TEST_CASE("a line that is longer than any screen goes on in the next") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "ä€";
  const LogStretch stretch = render_log(text, {}, true);
  CHECK(stretch.next.offset == text.size());
  CHECK(stretch.next.line == 5);
  CHECK(count(stretch.lines.markup(), "\xef\xbf\xbd") == 0);
}

TEST_CASE("where the number of a line is not known its address is its offset") {
  const std::string html = render_log("x\ny\n", {4'000'000, 0, {}}, true).lines.markup();
  CHECK(count(html, "id=\"B4000000\"") == 1);
  CHECK(count(html, "href=\"#B4000002\">·</a>") == 1);
}

TEST_CASE("lines stand in blocks that are laid out when they are seen") {
  std::string text;
  for (int i = 0; i < 450; ++i) text += "x\n";
  const std::string html = render_log(text, {}, true).lines.markup();
  CHECK(count(html, "<ol class=\"full\">") == 2);
  CHECK(count(html, "<ol>") == 1);
  CHECK(count(html, "</ol>") == 3);
}
