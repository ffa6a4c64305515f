#include "reporter/html.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {
std::string shown(std::string_view foreign) { return Html().text(foreign).markup(); }
}  // namespace

TEST_CASE("foreign text cannot become markup, whatever it is") {
  for (const char* attempt :
       {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
        "</title><script>", "<!--", "]]>", "<svg/onload=alert(1)>", "&lt;script&gt;",
        "&#60;script&#62;", "javascript:alert(1)\" autofocus onfocus=\"alert(1)", "<\0script>",
        "\xc0\xbcscript>", "+ADw-script+AD4-", "${7*7}{{7*7}}<%= 7*7 %>", "`-alert(1)-`<"}) {
    const std::string html = shown(attempt);
    CAPTURE(attempt, html);
    CHECK(html.find_first_of("<>\"'") == std::string::npos);
    for (size_t at = html.find('&'); at != std::string::npos; at = html.find('&', at + 1)) {
      const std::string entity = html.substr(at, html.find(';', at) - at + 1);
      CHECK((entity == "&amp;" || entity == "&lt;" || entity == "&gt;" || entity == "&quot;" ||
             entity == "&#39;"));
    }
  }
}

TEST_CASE("what is no markup stays as it is") {
  CHECK(shown("Größe 漢字 👩‍💻 x²\n\tnext") ==
        "Größe 漢字 👩‍💻 x²\n\tnext");
  CHECK(shown("a & b") == "a &amp; b");
}

TEST_CASE("control characters and marks that hide or reorder text are shown as such") {
  CHECK(shown("\x1b[31m") == "␛[31m");
  CHECK(shown(std::string_view("a\0b", 3)) == "a␀b");
  CHECK(shown("a\rb\x7f") == "a␍b␡");
  CHECK(shown("\xc2\x85") == "‹U+0085›");
  CHECK(shown("user\xe2\x80\xae"
              "gpj.exe") == "user‹U+202E›gpj.exe");
  CHECK(shown("\xe2\x81\xa6x\xe2\x81\xa9") == "‹U+2066›x‹U+2069›");
  CHECK(shown("pass\xe2\x80\x8bword\xef\xbb\xbf") == "pass‹U+200B›word‹U+FEFF›");
  CHECK(shown("\xe2\x80\xa8") == "‹U+2028›");
  CHECK(shown("\xf3\xa0\x80\xa1") == "‹U+E0021›");
}

TEST_CASE("bytes that are no UTF-8 become replacement characters, one each") {
  CHECK(shown("a\xff"
              "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(shown("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(shown("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("pieces of a page are put together") {
  Html inner;
  inner.raw("<b>").text("<").raw("</b>");
  CHECK(Html().raw("<p>").append(inner).number(42).raw("</p>").markup() == "<p><b>&lt;</b>42</p>");
}
