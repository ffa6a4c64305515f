// TAP, ctest's and unittest's words; what is quoted was written by them.
#include "tests/worker/reports/support.h"

using namespace seaworthy;
using namespace seaworthy::worker::reports;

TEST_CASE("TAP with plan, directives, diagnoses and subtests, as Perl's Test::More writes it") {
  const TestReport report = of_tap(R"(1..5
ok 1 - adds
not ok 2 - equal numbers
#   Failed test 'equal numbers'
#   at t/a.t line 3.
#          got: '1'
#     expected: '2'
ok 3 # skip no network
not ok 4 - later # TODO not yet
#   Failed (TODO) test 'later'
# Subtest: inner
    1..2
    ok 1
    not ok 2
ok 5 - inner
# Looks like you failed 1 test of 5.
)");
  CHECK(report.counts == TestCounts{2, 1, 0, 2});
  CHECK(find(report, "equal numbers").message == "got: '1'");
  CHECK(find(report, "equal numbers").output.find("    expected: '2'") != std::string::npos);
  CHECK(find(report, "equal numbers").suite == "a.tap");
  CHECK(find(report, "test 3").message == "no network");
  CHECK(find(report, "later").message == "TODO not yet");
}

TEST_CASE("TAP with YAML, as Node's runner writes it") {
  const TestReport report = of_tap(R"(TAP version 13
# Subtest: adds
ok 1 - adds
  ---
  duration_ms: 2.116365
  ...
# Subtest: breaks
not ok 2 - breaks
  ---
  duration_ms: 1274.06
  error: 'one is not two'
  stack: |-
    Test.run (node:internal/test_runner/test:796:25)
  ...
ok 3 - skipped # SKIP no net
1..3
# pass 1
)");
  CHECK(report.counts == TestCounts{1, 1, 0, 1});
  CHECK(find(report, "breaks").message == "one is not two");
  CHECK(find(report, "breaks").duration_ms == 1274);
  CHECK(find(report, "breaks").output.find("stack: |-\n  Test.run") != std::string::npos);
}

TEST_CASE("TAP that gives up, or does not keep its plan, is an error of its own") {
  const TestReport fewer = of_tap("1..3\nok 1\nok 2\n");
  CHECK(fewer.counts == TestCounts{2, 0, 1, 0});
  CHECK(find(fewer, "(plan)").message == "3 tests were planned, and 2 were run");
  const TestReport gave_up = of_tap("1..3\nok 1\nBail out! no database\n");
  CHECK(gave_up.counts == TestCounts{1, 0, 1, 0});
  CHECK(find(gave_up, "(bailed out)").message == "no database");
  CHECK(of_tap("1..0 # SKIP no network\n").counts == TestCounts{0, 0, 0, 1});
  CHECK(of_tap("1..99999999999999999999999\nok\nok 18446744073709551615\n").counts.passed == 2);
}

TEST_CASE("TAP in a job's output: prove names the suites, and without a plan it is none") {
  const TestReport report = of_output(
      "==> step 1 of 1: prove -v t\n"
      "t/a.t .. \n1..2\nok 1 - adds\nnot ok 2 - equal\n"
      "Dubious, test returned 1 (wstat 256, 0x100)\nFailed 1/2 subtests \n"
      "t/b.t .. \nok 1 - one\n\x1b[32mok 2 - two\x1b[0m\n1..2\nok\n\nResult: FAIL\n");
  CHECK(report.counts == TestCounts{3, 1, 0, 0});
  CHECK(find(report, "equal").suite == "t/a.t");
  CHECK(find(report, "two").suite == "t/b.t");
  CHECK(of_output("ok 1 - copied\nnot ok 2 - it was not meant like that\nok\n").counts.all() == 0);
}

TEST_CASE("ctest's lines, with the output of what failed") {
  const TestReport report = of_output(R"(Test project /tmp/b
    Start 1: passes
1/7 Test #1: passes ...........................   Passed    0.01 sec
    Start 2: fails with words
2/7 Test #2: fails with words .................***Failed    0.02 sec
one line
two

    Start 4: slow
4/7 Test #4: slow .............................***Timeout   1.00 sec

5/7 Test #5: disabled .........................***Not Run (Disabled)   0.00 sec
6/7 Test #6: skips ............................***Skipped   0.01 sec
7/7 Test #7: regex ............................***Failed  Required regular expression not found.
8/7 Test #8: missing ..........................***Not Run   0.00 sec

29% tests passed, 5 tests failed out of 7

The following tests FAILED:
	  2 - fails with words (Failed)
)");
  CHECK(report.counts == TestCounts{1, 2, 2, 2});
  CHECK(find(report, "fails with words").output == "one line\ntwo\n\n");
  CHECK(find(report, "fails with words").duration_ms == 20);
  CHECK(find(report, "fails with words").suite == "ctest");
  CHECK(verdict(report, "slow") == TestVerdict::Error);
  CHECK(find(report, "slow").message == "Timeout");
  CHECK(verdict(report, "missing") == TestVerdict::Error);
  CHECK(verdict(report, "disabled") == TestVerdict::Skipped);
}

namespace {

const std::string kBlocks = R"(
======================================================================
ERROR: test_crash (test_shop.Basket.test_crash)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/tmp/test_shop.py", line 10, in test_crash
    raise RuntimeError("no stock\nsecond line")
RuntimeError: no stock
second line

======================================================================
ERROR: setUpClass (test_shop.Broken)
----------------------------------------------------------------------
Traceback (most recent call last):
OSError: no disk

======================================================================
FAIL: test_subs (test_shop.Basket.test_subs) (i=1)
----------------------------------------------------------------------
AssertionError: 1 == 1

======================================================================
FAIL: test_subs (test_shop.Basket.test_subs) (i=2)
----------------------------------------------------------------------
AssertionError: 2 == 2

----------------------------------------------------------------------
Ran 6 tests in 0.006s

FAILED (failures=2, errors=2, skipped=1, expected failures=1)
)";

}  // namespace

TEST_CASE("unittest -v: each test's line, and the trace of those that failed") {
  const TestReport report = of_output(R"(test_crash (test_shop.Basket.test_crash) ... ERROR
test_empty (test_shop.Basket.test_empty)
An empty basket costs nothing. ... ok
test_known (test_shop.Basket.test_known) ... expected failure
test_net (test_shop.Basket.test_net) ... skipped 'no network'
test_subs (test_shop.Basket.test_subs) ... 
  test_subs (test_shop.Basket.test_subs) (i=1) ... FAIL
  test_subs (test_shop.Basket.test_subs) (i=2) ... FAIL
test_sum (test_shop.Basket) ... adding up
ok
setUpClass (test_shop.Broken) ... ERROR
)" + kBlocks);
  CHECK(report.counts == TestCounts{2, 2, 2, 2});
  CHECK(find(report, "test_crash").suite == "test_shop.Basket");
  CHECK(find(report, "test_crash").message == "RuntimeError: no stock");
  CHECK(find(report, "test_crash").output.find("line 10, in test_crash") != std::string::npos);
  CHECK(find(report, "test_net").message == "no network");
  CHECK(verdict(report, "test_empty") == TestVerdict::Passed);
  CHECK(verdict(report, "test_sum") == TestVerdict::Passed);
  CHECK(find(report, "test_subs (i=2)").message == "AssertionError: 2 == 2");
  CHECK(find(report, "setUpClass").message == "OSError: no disk");
}

TEST_CASE("unittest without -v: the failed ones by name, the others by number") {
  const TestReport report = of_output("E.sxFadding up\nFE\n" + kBlocks);
  // Six were run: one crashed, one failed (twice), one was skipped, of one it was expected.
  CHECK(report.counts == TestCounts{2, 2, 2, 2});
  CHECK(report.tests.size() == 4);
  const TestReport good =
      of_output("....\n" + std::string(70, '-') + "\nRan 4 tests in 0.1s\n\nOK\n");
  CHECK(good.counts == TestCounts{4, 0, 0, 0});
  CHECK(good.tests.empty());
  check_usable(good);
}

TEST_CASE("several runs of several runners in one output are added up") {
  const std::string run = "..\n" + std::string(70, '-') + "\nRan 2 tests in 0.1s\n\nOK\n";
  const TestReport report =
      of_output(run + "1..1\nok 1 - tap\n" + run + "1/1 Test #1: x ....   Passed    0.01 sec\n");
  CHECK(report.counts.passed == 6);
}

TEST_CASE("a job's output that only looks like tests has none") {
  for (const char* text :
       {"FAIL: the sky\nRan out of patience\nOK\n", "Ran 3 tests of strength\nOK\n",
        "test_a (x) ... ok\n", "3/4 Test of time: a ..... Passed\n", "1..10 is a range\n",
        "======================================================================\n", "\n\n\n"}) {
    INFO(text);
    CHECK(of_output(text).counts.all() == 0);
  }
}

TEST_CASE("whatever stands in a text, what is kept of it is small, readable and of no control") {
  std::string text =
      "1..4\nnot ok 1 - \x1b[31mred\x1b[0m <script>alert(1)</script>\n# \xff\xfe bad\n";
  text += "not ok 2 - " + std::string(100'000, 'n') + "\n";
  for (int i = 0; i < 10'000; ++i) text += "# " + std::string(100, 'd') + "\n";
  text += "not ok 3 - \xe2\x80\xaetxet\xe2\x80\xac" + std::string(3, '\0') + "\nok 4\n";
  const TestReport report = of_output(text);
  CHECK(report.counts == TestCounts{1, 3, 0, 0});
  CHECK(find(report, "red <script>alert(1)</script>").message == "\xef\xbf\xbd\xef\xbf\xbd bad");
  CHECK(report.tests[1].name.size() == limits::kTestNameBytes);
  CHECK(report.tests[1].output.size() <= limits::kTestTextBytes);
  check_usable(report);
}

TEST_CASE("when too much is written of too many failures, each still says in a line why") {
  Collection found;
  for (int i = 0; i < 2'000; ++i)
    found.add({"suite", "case " + std::to_string(i), TestVerdict::Failed, 1,
               "why " + std::string(1'000, 'w'), std::string(5'000, 'o')});
  const TestReport report = found.take();
  CHECK(report.tests.size() == 2'000);
  CHECK(report.tests.front().output.size() == limits::kTestTextBytes);
  CHECK(report.tests.back().output.empty());
  CHECK(report.tests.back().message.starts_with("why www"));
  check_usable(report);
}
