#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

// One build, number 12 of kRevision. It is there after `appears` questions for events and has its
// verdict after `finishes` of them; each such question is answered with the event.
class Story {
 public:
  Story(Verdict verdict, int appears, int finishes)
      : verdict_(verdict), appears_(appears), finishes_(finishes) {}

  std::optional<wire::Envelope> operator()(const wire::Message& message) {
    if (const auto* fetch = std::get_if<wire::FetchEvents>(&message)) return events(*fetch);
    if (std::holds_alternative<wire::ListTests>(message)) return failed_tests();
    const bool there = polls_ >= appears_;
    if (std::holds_alternative<wire::ListBuilds>(message)) {
      wire::BuildList list;
      if (there) list.builds = {row()};
      return answer(list);
    }
    const auto& show = std::get<wire::ShowBuild>(message);
    if (!there || show.build.value != 12) return not_found("such build");
    wire::BuildDetail detail;
    detail.build = row();
    return answer(detail);
  }

 private:
  wire::BuildRow row() const { return polls_ >= finishes_ ? a_build(12, verdict_) : a_build(12); }

  static std::optional<wire::Envelope> failed_tests() {
    wire::TestList list;
    list.jobs = {{{17}, "test", {1}, 40, 4, 1, 0, 0, {}}};
    for (const char* name : {"one", "two", "three", "four", "five"}) {
      wire::TestRow& row = list.tests.emplace_back();
      row.name = name;
      row.verdict = TestVerdict::Failed;
    }
    return answer(list);
  }

  std::optional<wire::Envelope> events(const wire::FetchEvents& fetch) {
    if (!fetch.after) return answer(wire::Events{{100}, {}});
    ++polls_;
    wire::Events events{{fetch.after->value + 1}, {}};
    if (polls_ == appears_)
      events.events.push_back(an_event(events.last.value, wire::EventKind::BuildSubmitted));
    if (polls_ == finishes_)
      events.events.push_back(an_event(events.last.value, wire::EventKind::BuildFinished));
    if (events.events.empty() && polls_ > 10) return std::nullopt;
    return answer(events);
  }

  Verdict verdict_;
  int appears_;
  int finishes_;
  int polls_ = 0;
};

io::CommandResult wait_for(const std::string& target, Story story,
                           const std::string& timeout = "180") {
  FakeBroker broker(story);
  return run_seaworthy({"wait", target, "--timeout", timeout, "--broker", broker.endpoint()});
}

}  // namespace

TEST_CASE("wait exits as the verdict says") {
  const std::vector<std::pair<Verdict, int>> expected{
      {Verdict::Passed, 0},    {Verdict::Flaky, 0},   {Verdict::Failed, 1},
      {Verdict::Cancelled, 2}, {Verdict::Skipped, 2}, {Verdict::Inconclusive, 2}};
  for (const auto& [verdict, code] : expected) {
    INFO(to_string(verdict));
    auto result = wait_for("12", Story(verdict, 0, 0));
    CHECK(result.exit_code == code);
    const std::string line = "build 12 " + std::string(to_string(verdict)) + " in 3.2 s\n";
    CHECK(result.output.substr(0, line.size()) == line);
    CHECK((result.output.size() == line.size()) == (verdict != Verdict::Failed));
  }
}

TEST_CASE("wait names some of the tests that failed") {
  CHECK_THAT(wait_for("12", Story(Verdict::Failed, 0, 0)).output,
             Contains("\n  5 tests failed: one, two, three and 2 more; see `seaworthy tests 12 "
                      "--failed`\n"));
}

TEST_CASE("wait blocks until the verdict comes") {
  CHECK(wait_for("12", Story(Verdict::Failed, 0, 3)).exit_code == 1);
  CHECK(wait_for("1a2b3c", Story(Verdict::Passed, 0, 3)).exit_code == 0);
}

TEST_CASE("wait for a revision begins before there is a build of it") {
  auto result = wait_for(kRevision, Story(Verdict::Passed, 2, 4));
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.error, Contains("yet; waiting for one"));
}

TEST_CASE("wait for a build that does not exist does not wait") {
  auto result = wait_for("99", Story(Verdict::Passed, 0, 0));
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("there is no such build (`seaworthy builds`"));
}

TEST_CASE("wait that takes too long is exit code 2") {
  auto result = wait_for("12", Story(Verdict::Passed, 0, 1'000'000), "3s");
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("no verdict of build 12 within 3.0 s"));
}

TEST_CASE("wait without a broker is exit code 2") {
  auto result =
      run_seaworthy({"wait", "12", "--timeout", "200ms", "--broker", "tcp://127.0.0.1:1"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("no broker answered"));
}
