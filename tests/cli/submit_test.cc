#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

// Takes every Submit as build 12, which has failed already when somebody looks.
std::optional<wire::Envelope> taken(const wire::Message& message) {
  if (const auto* submit = std::get_if<wire::Submit>(&message))
    return answer(wire::SubmitOk{{{submit->revisions.at(0).revision, {12}, false}}});
  if (std::holds_alternative<wire::FetchEvents>(message)) return answer(wire::Events{{1}, {}});
  wire::BuildDetail detail;
  detail.build = a_build(12, Verdict::Failed);
  return answer(detail);
}

struct Submitting {
  FakeBroker broker{taken};
  TemporaryFolder folder;
  std::string repository = folder / "harbour";

  Submitting() { make_repository(repository); }
  io::CommandResult submit(Words words) {
    words.insert(words.begin(), {"submit", repository});
    words.insert(words.end(), {"--broker", broker.endpoint(), "--mirrors", folder / "mirrors"});
    return run_seaworthy(words);
  }
  std::string git(Words words) {
    words.insert(words.begin(), {"git", "-C", repository});
    return run_or_fail(words);
  }
  wire::Submit last() {
    const auto asked = broker.asked<wire::Submit>();
    REQUIRE_FALSE(asked.empty());
    return asked.back();
  }
};

}  // namespace

TEST_CASE("submit makes a build of HEAD, under HEAD's branch") {
  Submitting the;
  auto result = the.submit({});
  INFO(result.error);
  CHECK(result.exit_code == 0);
  const std::string head = the.git({"rev-parse", "HEAD"});
  CHECK(result.output == "build 12 of " + head.substr(0, 10) + "\n");
  const wire::Submit submit = the.last();
  CHECK(submit.repository == the.repository);
  CHECK(submit.ref == "refs/heads/main");
  CHECK(submit.tip == head);
  CHECK_FALSE(submit.again);
  REQUIRE(submit.revisions.size() == 1);
  CHECK(submit.revisions[0].revision == head);
  CHECK(submit.revisions[0].subject == "The first commit");
  REQUIRE(submit.pipelines.size() == 1);
  CHECK(submit.pipelines[0].decided);  // an empty repository has nothing to run
}

TEST_CASE("submit finds branches, tags and abbreviated ids") {
  Submitting the;
  the.git({"tag", "v1"});
  the.git({"checkout", "-q", "-b", "side"});
  the.git({"commit", "-q", "--allow-empty", "-m", "On the side"});
  the.git({"checkout", "-q", "main"});
  const std::string side = the.git({"rev-parse", "side"});

  CHECK(the.submit({"side"}).exit_code == 0);
  CHECK(the.last().ref == "refs/heads/side");
  CHECK(the.last().tip == side);
  CHECK(the.submit({"v1"}).exit_code == 0);
  CHECK(the.last().ref == "refs/tags/v1");
  CHECK(the.submit({side.substr(0, 8), "--ref", "side", "--again"}).exit_code == 0);
  CHECK(the.last().ref == "refs/heads/side");
  CHECK(the.last().tip == side);
  CHECK(the.last().again);
}

TEST_CASE("submit expands the pipeline file of the revision") {
  Submitting the;
  write_file(the.repository + "/.seaworthy.yml",
             "jobs:\n  unit:\n    steps:\n      - run: make check\n");
  the.git({"add", "."});
  the.git({"commit", "-q", "-m", "Say what to run"});
  REQUIRE(the.submit({}).exit_code == 0);
  const wire::Submit submit = the.last();
  REQUIRE(submit.pipelines[0].jobs.size() == 1);
  CHECK(submit.pipelines[0].jobs[0].name == "unit");
}

TEST_CASE("submit --wait exits as the verdict says") {
  Submitting the;
  auto result = the.submit({"--wait"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.output, Contains("build 12 failed in 3.2 s"));
}

TEST_CASE("submit --json prints what was made") {
  Submitting the;
  CHECK_THAT(the.submit({"--json"}).output, Contains("\"build\": 12"));
}

TEST_CASE("submit of what is not there says so and asks no broker") {
  Submitting the;
  auto result = the.submit({"no-such-branch"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("no-such-branch"));
  the.repository = the.folder / "elsewhere";
  result = the.submit({});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.error, Contains("elsewhere"));
  CHECK(the.broker.asked<wire::Submit>().empty());
}
