#include "reporter/log_search.h"

#include "tests/support/catch.h"

using namespace seaworthy::reporter;

namespace {
bool finds(const LogQuery& query, std::string_view row) {
  const auto search = LogSearch::of(query);
  REQUIRE(search);
  return (*search).finds(row);
}
}  // namespace

TEST_CASE("a text is found as it is shown, whatever its case and colours") {
  CHECK(finds({"crane", false, false}, "the \x1b[1mCra\x1b[32mne\x1b[0m lifts"));
  CHECK_FALSE(finds({"crane", false, true}, "the Crane lifts"));
  CHECK(finds({"a.c*", false, false}, "x a.c* y"));
  CHECK_FALSE(finds({"a.c*", false, false}, "abccc"));
  CHECK_FALSE(finds({"hidden", false, false}, "hidden\rshown "));
  CHECK(finds({"groß", false, false}, "GROß"));
}

TEST_CASE("a regular expression is RE2's, and one that is none is refused with why") {
  CHECK(finds({"test_0[0-9]+ (ok|failed)$", true, false}, "test_042 FAILED"));
  CHECK_FALSE(finds({"^failed", true, false}, "it failed"));
  const auto wrong = LogSearch::of({"(", true, false});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().find("missing )") != std::string::npos);
  CHECK_FALSE(LogSearch::of({std::string(LogSearch::kMostTextBytes + 1, 'x'), false, false}));
}

TEST_CASE("an expression that takes others an age takes no time") {
  const std::string row(10'000, 'a');
  CHECK_FALSE(finds({"(a*)*(a*)*(a*)*b", true, false}, row));
}

TEST_CASE("a row that tells of an error is known by its words") {
  const LogSearch search = LogSearch::for_errors();
  for (const char* row :
       {"main.cc:3:5: error: no such thing", "\x1b[31mAssertionError\x1b[0m: 3 != 4",
        "FAILED tests/x.py::test_y", "fatal: not a git repository", "Traceback (most recent call)",
        "thread 'main' panicked at src/main.rs", "not ok 3 - lifts", "--- FAIL: TestCrane (0.1s)",
        "make: *** [all] Error 2", "Segmentation fault (core dumped)"}) {
    CAPTURE(row);
    CHECK(search.finds(row));
  }
  for (const char* row : {"0 errors, 3 warnings", "all tests passed",
                          "cc -Werror -c error_handler.cc", "12 passed, 0 failed", "failures: 0",
                          "==> step 1 exited with 1 after 0.1 s: failed", "Building terror.o"}) {
    CAPTURE(row);
    CHECK_FALSE(search.finds(row));
  }
}

TEST_CASE("what lies across two rows of a long line is found once, and nothing twice") {
  const auto across = [](const LogQuery& query, std::string_view row, std::string_view next) {
    const auto search = LogSearch::of(query);
    REQUIRE(search);
    return (*search).finds_across(row, next);
  };
  const std::string filler(20'000, '.');
  CHECK(across({"crane", false, false}, filler + "the cr", "ane lifts" + filler));
  CHECK(across({"cr[a-z]+e$", true, false}, filler + "cr", "ane"));
  CHECK(across({"crane", false, false}, "the \x1b[1mcr", "\x1b[0mane"));
  CHECK(across({"crane", false, false}, "cr\x1b[", "1mane"));
  CHECK_FALSE(across({"crane", false, false}, "the crane", "lifts"));
  CHECK_FALSE(across({"crane", false, false}, "the", "crane lifts"));
  CHECK_FALSE(across({"crane", false, false}, "cr", "ew"));
  const std::string longest(LogSearch::kMostTextBytes, 'x');
  CHECK(across({longest, false, false}, filler + longest.substr(1), "x" + filler));
  CHECK(across({longest, false, false}, filler + "x", longest.substr(1) + filler));
}
