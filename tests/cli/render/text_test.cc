#include "cli/render/text.h"

#include "cli/render/table.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli::render;

TEST_CASE("a duration is told in the two units that matter") {
  CHECK(duration(Duration{0}) == "0.0 s");
  CHECK(duration(Duration{420}) == "0.4 s");
  CHECK(duration(Duration{12'345}) == "12.3 s");
  CHECK(duration(Duration{59'999}) == "59.9 s");
  CHECK(duration(Duration{200'000}) == "3 min 20 s");
  CHECK(duration(Duration{7'500'000}) == "2 h 5 min");
  CHECK(duration(Duration{273'600'000}) == "3 d 4 h");
  CHECK(duration(Duration{-5}) == "0.0 s");
}

TEST_CASE("a clock that was set back gives no negative duration") {
  CHECK(between({2'000}, {1'000}) == Duration{0});
}

TEST_CASE("what has not happened has no date") {
  CHECK(date_time({}) == "-");
  CHECK(date_time({1'700'000'000'000}).size() == 19);
}

TEST_CASE("bytes are counted in binary units") {
  CHECK(bytes(812) == "812 B");
  CHECK(bytes(1536) == "1.5 KiB");
  CHECK(bytes(20 * 1024 * 1024) == "20.0 MiB");
}

TEST_CASE("foreign text cannot steer the terminal") {
  CHECK(printable("a\x1b[2Jb") == "a?[2Jb");
  CHECK(printable("two\nlines\tand a tab") == "two lines and a tab");
  CHECK(printable("\xc2\x9b"
                  "31m") == "?31m");
  CHECK(printable("Größe ≤ 5") == "Größe ≤ 5");
  CHECK(printable("überlang", 4) == "über…");
}

TEST_CASE("names are shortened to what people call things") {
  CHECK(short_ref("refs/heads/feature/x") == "feature/x");
  CHECK(short_ref("refs/pull/7/head") == "pull/7/head");
  CHECK(short_repository("https://example.org/harbour.git/") == "harbour");
  CHECK(short_repository("git@example.org:harbour.git") == "harbour");
  CHECK(short_repository("/srv/git/harbour") == "harbour");
  CHECK(count_of(1, "job") == "1 job");
  CHECK(count_of(2, "job") == "2 jobs");
}

TEST_CASE("a table lines up its columns and leaves no spaces at the ends") {
  Table table({"NAME", "STATE", "WHY"});
  table.add({{"größer"}, {"queued"}, {""}});
  table.add({{"b"}, {"running"}, {"because"}});
  CHECK(table.text(Style(false), 2) ==
        "  NAME    STATE    WHY\n"
        "  größer  queued\n"
        "  b       running  because\n");
}

TEST_CASE("colours are escape codes around a word, or nothing") {
  CHECK(Style(false).paint(Verdict::Passed) == "passed");
  CHECK(Style(true).paint(Verdict::Passed) == "\x1b[32mpassed\x1b[0m");
}
