// JUnit as the tools write it; what is quoted was written by them.
#include "tests/worker/reports/support.h"

using namespace seaworthy;
using namespace seaworthy::worker::reports;

namespace {

constexpr const char* kPytest = R"(<?xml version="1.0" encoding="utf-8"?><testsuites>
<testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.156">
<testcase classname="test_shop.Basket" name="test_crash" time="0.013"><failure
 message="RuntimeError: no stock&#10;second line">self = &lt;Basket&gt;
E       RuntimeError: no stock</failure><system-out>adding up
</system-out></testcase>
<testcase classname="test_shop.Basket" name="test_empty" time="0.001" />
<testcase classname="test_shop.Basket" name="test_net" time="0.001"><skipped type="pytest.skip"
 message="no network">test_shop.py:11: no network</skipped></testcase>
<testcase classname="test_shop.Broken" name="test_x" time="1e-05"><error
 message="failed on setup">OSError: no disk</error></testcase></testsuite></testsuites>)";

}  // namespace

TEST_CASE("pytest's report gives each test its suite, verdict, time, message and output") {
  const TestReport report = of_junit(kPytest);
  CHECK(report.notes.empty());
  CHECK(report.counts == TestCounts{1, 1, 1, 1});
  const TestResult& crash = find(report, "test_crash");
  CHECK(crash.suite == "test_shop.Basket");
  CHECK(crash.verdict == TestVerdict::Failed);
  CHECK(crash.duration_ms == 13);
  CHECK(crash.message == "RuntimeError: no stock\nsecond line");
  CHECK(crash.output == "self = <Basket>\nE       RuntimeError: no stock\nadding up\n");
  CHECK(verdict(report, "test_x") == TestVerdict::Error);
  CHECK(find(report, "test_net").message == "no network");
  CHECK(find(report, "test_empty").output.empty());
  CHECK(is_bad(report.tests[0].verdict));
  CHECK(is_bad(report.tests[1].verdict));
}

TEST_CASE(
    "ctest's report: the suite is not the name once more, and what is not there is an error") {
  const TestReport report = of_junit(R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Linux-c++" tests="5" failures="1" disabled="1" skipped="2">
	<testcase name="passes" classname="passes" time="0.00699022" status="run">
		<system-out></system-out>
	</testcase>
	<testcase name="fails" classname="fails" time="0.00804063" status="fail">
		<failure message=""/>
		<system-out>one line
two
</system-out>
	</testcase>
	<testcase name="disabled" classname="disabled" time="0" status="disabled">
		<system-out>Disabled</system-out>
	</testcase>
	<testcase name="skips" classname="skips" time="0.0097" status="notrun">
		<skipped message="SKIP_RETURN_CODE=77"/>
	</testcase>
	<testcase name="missing" classname="missing" time="0" status="notrun">
		<skipped message="Unable to find executable"/>
	</testcase>
</testsuite>)");
  CHECK(report.counts == TestCounts{1, 1, 1, 2});
  CHECK(find(report, "fails").suite == "Linux-c++");
  CHECK(find(report, "fails").message == "one line");
  CHECK(find(report, "fails").output == "one line\ntwo\n");
  CHECK(verdict(report, "missing") == TestVerdict::Error);
  CHECK(verdict(report, "disabled") == TestVerdict::Skipped);
}

TEST_CASE("googletest's and Catch2's reports: several failures of one test are one failed test") {
  const TestReport gtest = of_junit(R"(<testsuites tests="4" failures="1" name="AllTests">
  <testsuite name="Basket" tests="4" failures="1" disabled="1" skipped="1">
    <testcase name="Adds" file="g.cc" status="run" result="completed" time="0." classname="Basket" />
    <testcase name="Breaks" status="run" result="completed" time="0.002" classname="Basket">
      <failure message="g.cc:4&#x0A;Expected equality" type=""><![CDATA[g.cc:4
Expected equality of these values:]]></failure>
      <failure message="g.cc:4&#x0A;Value of: false" type=""><![CDATA[Value of: false]]></failure>
    </testcase>
    <testcase name="DISABLED_Later" status="notrun" result="suppressed" time="0."
              classname="Basket" />
    <testcase name="Skips" status="run" result="skipped" time="0." classname="Basket">
      <skipped message="g.cc:6&#x0A;no network"><![CDATA[g.cc:6
no network]]></skipped>
    </testcase>
  </testsuite>
</testsuites>)");
  CHECK(gtest.counts == TestCounts{1, 1, 0, 2});
  CHECK(find(gtest, "Breaks").message == "g.cc:4\nExpected equality");
  CHECK(find(gtest, "Breaks").output ==
        "g.cc:4\nExpected equality of these values:\nValue of: false");
  const TestReport catch2 = of_junit(R"(<testsuites><testsuite name="c" errors="1" failures="1">
    <testcase classname="c.global" name="sums add up/twice" time="0.001" status="run">
      <failure message="2 * 2 == 5" type="CHECK">
FAILED:
  CHECK( 2 * 2 == 5 )
at c.cc:3
      </failure>
    </testcase>
    <testcase classname="c.global" name="it throws" time="0" status="run">
      <error type="TEST_CASE">
FAILED:
no stock
at c.cc:4
      </error>
    </testcase></testsuite></testsuites>)");
  CHECK(catch2.counts == TestCounts{0, 1, 1, 0});
  CHECK(find(catch2, "sums add up/twice").message == "2 * 2 == 5");
  CHECK(find(catch2, "it throws").message == "no stock");
}

TEST_CASE("Maven's reruns: what passed in the end passed; suites in suites, and their own errors") {
  const TestReport report = of_junit(R"(<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema"
    name="shop.BasketTest" time="1,234.5">
  <testcase name="flaky" classname="shop.BasketTest" time="1,234.5">
    <flakyFailure message="first">trace</flakyFailure></testcase>
  <testcase name="rerun" classname="shop.BasketTest" time="0.1">
    <failure message="one">trace 1</failure><rerunFailure message="two">trace 2</rerunFailure>
  </testcase>
  <testsuite name="inner"><testcase name="case" time="-1"/></testsuite>
  <testcase name="outer" time="NaN"/>
  <error message="the class could not be loaded"/>
</testsuite>)");
  CHECK(report.notes.empty());
  CHECK(report.counts == TestCounts{3, 1, 1, 0});
  CHECK(find(report, "flaky").duration_ms == 1'234'500);
  CHECK(find(report, "rerun").output == "trace 1\ntrace 2");
  CHECK(find(report, "case").suite == "inner");
  CHECK(find(report, "outer").suite == "shop.BasketTest");
  CHECK(find(report, "(the suite itself)").message == "the class could not be loaded");
}

TEST_CASE("what an encoding says is read as it, and what is none is an error") {
  const TestReport latin = of_junit(
      "<?xml version='1.0' encoding='ISO-8859-1'?><testsuite name='s'><testcase "
      "name='gr\xfc\xdf'/></testsuite>");
  CHECK(verdict(latin, "gr\xc3\xbc\xc3\x9f") == TestVerdict::Passed);
  const std::string text = "<testsuite><testcase name='wide'/></testsuite>";
  std::string wide = "\xff\xfe";
  for (const char c : text) wide += std::string{c, '\0'};
  CHECK(verdict(of_junit(wide), "wide") == TestVerdict::Passed);
  CHECK_FALSE(of_junit("<?xml version='1.0' encoding='EBCDIC-XY'?><testsuite/>").notes.empty());
  CHECK_FALSE(of_junit("<testsuite><testcase name='gr\xfc'/></testsuite>").notes.empty());
}

TEST_CASE("a report that ends too early keeps what was read, and the note says where it ends") {
  const TestReport report = of_junit(
      "<testsuite name='s'>\n<testcase name='one'><failure message='x'/></testcase>\n"
      "<testcase name='two'><fail");
  CHECK(report.counts == TestCounts{0, 1, 0, 0});
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].starts_with("line 3: "));
}

TEST_CASE("XML that is no report of tests is told from a report that is wrong") {
  Collection found;
  auto coverage = read_junit("<?xml version='1.0'?><coverage/>", found);
  REQUIRE_FALSE(coverage);
  CHECK(coverage.error().is_other_xml);
  auto none = read_junit("# Results\n", found);
  REQUIRE_FALSE(none);
  CHECK_FALSE(none.error().is_other_xml);
  CHECK_FALSE(read_junit("", found));
  CHECK(found.empty());
}

TEST_CASE("documents that would unfold, reach out or nest without end are refused") {
  const std::string laughs =
      "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
      "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><testsuite><testcase name='&c;'/></testsuite>";
  const std::string reach_out =
      "<!DOCTYPE t [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='t'>"
      "<failure message='m'>&x;</failure></testcase></testsuite>";
  for (const std::string& xml : {laughs, reach_out}) {
    const TestReport report = of_junit(xml);
    CHECK(report.tests.empty());
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].find("DOCTYPE") != std::string::npos);
  }
  std::string deep = "<testsuite>";
  for (int i = 0; i < 1'000'000; ++i) deep += "<testsuite>";
  const TestReport nested = of_junit(deep);
  REQUIRE(nested.notes.size() == 1);
  CHECK(nested.notes[0] == "line 1: its elements are nested too deeply");
  CHECK_FALSE(of_junit("<testsuite><testcase name='&nbsp;'/></testsuite>").notes.empty());
  CHECK_FALSE(of_junit(std::string("<testsuite>\0</testsuite>", 24)).notes.empty());
}

TEST_CASE("texts are cut to what is kept, failed tests stay when there are too many") {
  std::string xml = "<testsuite name='" + std::string(5'000, 's') + "'>";
  for (size_t i = 0; i < limits::kTests + 50; ++i)
    xml += "<testcase name='case " + std::to_string(i) + "'/>";
  const std::string much(2 * limits::kTestTextBytes, 'm');
  for (int i = 0; i < 10; ++i)
    xml += "<testcase name='bad " + std::to_string(i) + "'><failure message='" + much + "'>" +
           much + "</failure></testcase>";
  const TestReport report = of_junit(xml + "</testsuite>");
  CHECK(report.tests.size() == limits::kTests);
  CHECK(report.counts == TestCounts{limits::kTests + 50, 10, 0, 0});
  CHECK(report.tests[9].name == "bad 9");
  CHECK(report.tests[9].message.size() == limits::kTestTextBytes);
  CHECK(report.tests[9].output.size() == limits::kTestTextBytes);
  CHECK(report.tests[9].suite.size() == limits::kTestNameBytes);
  check_usable(report);
}
