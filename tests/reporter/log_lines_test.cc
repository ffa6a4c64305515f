#include "reporter/log_lines.h"

#include "shared/words/text.h"
#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

struct Rendered {
  std::string markup;
  LogPosition next;
};

// All rows of these bytes whose ends are known.
Rendered render(std::string_view bytes, LogPosition at, bool is_end) {
  Html html;
  while (const auto row = next_row(bytes, at, is_end)) {
    put_row(html, at, row->text, false);
    bytes.remove_prefix(row->next.offset - at.offset);
    at = row->next;
  }
  return {html.markup(), at};
}

}  // namespace

TEST_CASE("each line has its number, and an address by it") {
  const Rendered rendered = render("one\ntwo\n", {}, true);
  CHECK(rendered.markup ==
        "<li id=\"L1\"><a tabindex=\"-1\" href=\"#L1\">1</a><span>one</span></li>\n"
        "<li id=\"L2\"><a tabindex=\"-1\" href=\"#L2\">2</a><span>two</span></li>\n");
  CHECK(rendered.next.offset == 8);
  CHECK(rendered.next.line == 3);
  CHECK(rendered.next.row == 2);
}

TEST_CASE("a row says when it was written, as the time since the start and that of the day") {
  const auto row_at = [](const RowTime& time) {
    Html html;
    put_row(html, {}, "text", false, time);
    return html.markup();
  };
  CHECK(row_at({}).starts_with("<li id=\"L1\">"));
  CHECK(row_at({7'391, {}}).starts_with("<li id=\"L1\" data-after=\"0:07.3\">"));
  CHECK(row_at({754'500, {}}).starts_with("<li id=\"L1\" data-after=\"12:34.5\">"));
  CHECK(row_at({90'123'000, {}}).starts_with("<li id=\"L1\" data-after=\"25:02:03\">"));
  const seaworthy::UnixMillis start{1'700'000'000'000};
  const std::string clock = seaworthy::words::time_of_day({start.value + 7'391});
  CHECK(count(row_at({7'391, start}), "data-clock=\"" + clock + "\"") == 1);
  CHECK(count(row_at({std::nullopt, start}), "data-clock") == 0);
}

TEST_CASE("a last line without an end is one when the job has ended") {
  CHECK(render("one\ntw", {}, true).next.offset == 6);
  const Rendered growing = render("one\n\x1b[31mtw", {}, false);
  CHECK(growing.next.offset == 4);
  CHECK(growing.next.line == 2);
  CHECK(growing.next.look == Look{});
}

TEST_CASE("a log in pieces is the log at once, wherever it is cut") {
  const std::string text =
      "\x1b[32mgreen\nstill green\x1b[0m\nplain ä€👩\r\nprogress 1%\rprogress 99%\n\nlast";
  const Rendered whole = render(text, {}, true);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const Rendered first = render(std::string_view(text).substr(0, cut), {}, false);
    const Rendered second =
        render(std::string_view(text).substr(first.next.offset), first.next, true);
    CAPTURE(cut);
    CHECK(first.markup + second.markup == whole.markup);
  }
}

TEST_CASE("a line that is longer than any screen goes on in rows that have no number") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "ä€";
  const Rendered rendered = render(text + "\nnext\n", {}, true);
  CHECK(rendered.next.offset == text.size() + 6);
  CHECK(rendered.next.line == 3);
  CHECK(rendered.next.row == 5);
  CHECK(count(rendered.markup, "\xef\xbf\xbd") == 0);
  CHECK(count(rendered.markup, "id=\"L1\"") == 1);
  CHECK(count(rendered.markup, "<li><a></a>") == 3);
  CHECK(count(rendered.markup, "id=\"L2\"") == 1);
}

TEST_CASE("where the number of a line is not known its address is its offset") {
  LogPosition from;
  from.offset = 4'000'000;
  from.line = 0;
  const std::string markup = render("x\ny\n", from, true).markup;
  CHECK(count(markup, "id=\"B4000000\"") == 1);
  CHECK(count(markup, "href=\"#B4000002\">·</a>") == 1);
}
