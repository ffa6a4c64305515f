#include "reporter/ansi.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {
std::string line(std::string_view text) {
  Look look;
  return ansi_line(text, look).markup();
}
}  // namespace

TEST_CASE("the sixteen colours, weights and grounds become classes") {
  CHECK(line("\x1b[31mred\x1b[0m plain") == "<span class=\"f1\">red</span> plain");
  CHECK(line("\x1b[1;92mok\x1b[m") == "<span class=\"f10 bo\">ok</span>");
  CHECK(line("\x1b[41;4mx") == "<span class=\"k1 un\">x</span>");
  CHECK(line("\x1b[31mr\x1b[39mp") == "<span class=\"f1\">r</span>p");
  CHECK(line("\x1b[7;31mx") == "<span class=\"k1 fi\">x</span>");
  CHECK(line("\x1b[7mx") == "<span class=\"fi ki\">x</span>");
}

TEST_CASE("256 colours are themselves, 16 million the nearest of them") {
  CHECK(line("\x1b[38;5;208mx") == "<span class=\"f208\">x</span>");
  CHECK(line("\x1b[48;5;17mx") == "<span class=\"k17\">x</span>");
  CHECK(line("\x1b[38;2;255;135;0mx") == "<span class=\"f208\">x</span>");
  CHECK(line("\x1b[38;2;128;128;128mx") == "<span class=\"f244\">x</span>");
  CHECK(line("\x1b[38:5:9mx") == "<span class=\"f9\">x</span>");
}

TEST_CASE("colours that make no sense change nothing else") {
  CHECK(line("\x1b[38;5;256mx") == "x");
  CHECK(line("\x1b[38;2;1;2mx") == "x");
  CHECK(line("\x1b[38mx") == "x");
  CHECK(line("\x1b[999999999999mx") == "x");
}

TEST_CASE("colours go on in the next line, also when only they are looked at") {
  Look look;
  (void)ansi_line("\x1b[1;3;38;5;200;44mopen", look);
  CHECK(look_after("\x1b[1;3;38;5;200;44mopen", {}) == look);
  CHECK(look_after("no colours", look) == look);
  CHECK(ansi_line("more", look).markup() == "<span class=\"f200 k4 bo it\">more</span>");
}

TEST_CASE("a line without its colours is the text that is shown") {
  CHECK(plain_line("\x1b[1mbo\x1b[31mld\x1b[0m") == "bold");
  CHECK(plain_line("10%\r100%") == "100%");
  CHECK(plain_line("abc\b\bd") == "ad");
}

TEST_CASE("a carriage return begins the line anew, as a progress bar means it") {
  CHECK(line("10%\r50%\r100%") == "100%");
  CHECK(line("ends in one\r") == "ends in one");
  CHECK(line("abc\b\bd") == "ad");
}

TEST_CASE("other sequences leave nothing, and their ends are found") {
  CHECK(line("a\x1b[2Kb\x1b[1;5Hc\x1b[?25ld") == "abcd");
  CHECK(line("\x1b]0;title\a"
             "a") == "a");
  CHECK(line("\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\") == "link");
  CHECK(line("\x1b(Bx\x1b=y\x1b") == "xy");
  CHECK(line("\x1bPq#0\x1b\\x") == "x");
  CHECK(line("\x1b[31") == "");
  CHECK(line("\x1b]never ended") == "");
}

TEST_CASE("output cannot become markup") {
  CHECK(line("\x1b[31m<b>\"&'") == "<span class=\"f1\">&lt;b&gt;&quot;&amp;&#39;</span>");
  CHECK(line("\x1b[31;\"><script>mx").find("<script") == std::string::npos);
}

TEST_CASE("every class of the 256 has a rule") {
  const std::string css = palette_css();
  CHECK(css.find(".f16{") != std::string::npos);
  CHECK(css.find(".f255{") != std::string::npos);
  CHECK(css.find(".k255{background:#eeeeee}") != std::string::npos);
}
