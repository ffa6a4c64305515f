#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/matchers.h"
#include "tests/cli/support/program.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::test;

namespace {

// A job whose output is sent in pieces of `piece` bytes.
struct Job {
  wire::JobRow row;
  std::string output;
  size_t piece = 10;

  std::optional<wire::Envelope> operator()(const wire::Message& message) const {
    if (std::holds_alternative<wire::ShowBuild>(message)) {
      wire::BuildDetail detail;
      detail.build = a_build(12);
      detail.jobs = {row};
      return answer(detail);
    }
    const auto& question = std::get<wire::FetchOutput>(message);
    const size_t from = std::min<size_t>(question.offset, output.size());
    const std::string bytes = output.substr(from, piece);
    const bool complete =
        row.state == State::Finished && question.offset + bytes.size() >= output.size();
    const AttemptNumber attempt =
        row.attempts.empty() ? AttemptNumber{} : row.attempts.back().attempt;
    return answer(wire::OutputData{row.job, attempt, question.offset, output.size(), complete},
                  bytes);
  }
};

Job finished_job(std::string output) {
  Job job{a_job(17, "test", Verdict::Passed), std::move(output)};
  job.row.attempts = {an_attempt(1, "host-1", Outcome::Passed)};
  return job;
}

io::CommandResult log_of(const FakeBroker& broker, Words words) {
  words.insert(words.begin(), "log");
  words.insert(words.end(), {"--broker", broker.endpoint()});
  return run_seaworthy(words);
}

}  // namespace

TEST_CASE("log prints the bytes that the job wrote, and nothing else") {
  const std::string bytes("all\0bytes\xff\x1b[31m\r\nno newline at the end", 38);
  FakeBroker broker(finished_job(bytes));
  for (const Words& words : {Words{"17"}, Words{"12/test"}, Words{"17", "-f"}}) {
    auto result = log_of(broker, words);
    CHECK(result.exit_code == 0);
    CHECK(result.output == bytes);
    CHECK(result.error.empty());
  }
}

TEST_CASE("log of a running job prints what there is; with -f it goes on to the end") {
  Job running = finished_job("so far\n");
  running.row.state = State::Running;
  FakeBroker broker(running);
  CHECK(log_of(broker, {"17"}).output == "so far\n");

  int questions = 0;
  const Job ended = finished_job("so far\nand the rest\n");
  FakeBroker other([&](const wire::Message& message) {
    if (std::holds_alternative<wire::FetchOutput>(message)) ++questions;
    return questions < 3 ? running(message) : ended(message);
  });
  CHECK(log_of(other, {"17", "-f"}).output == "so far\nand the rest\n");
}

TEST_CASE("log -f begins anew with the next attempt, and says so") {
  Job first = finished_job("first try\n");
  first.row.state = State::Running;
  Job second = finished_job("second try\n");
  second.row.attempts.push_back(an_attempt(2, "host-2", Outcome::Passed));
  bool lost = false;
  FakeBroker broker([&](const wire::Message& message) {
    const auto* question = std::get_if<wire::FetchOutput>(&message);
    if (question != nullptr && question->offset == first.output.size()) lost = true;
    return lost ? second(message) : first(message);
  });
  auto result = log_of(broker, {"17", "-f"});
  CHECK(result.output == "first try\nsecond try\n");
  CHECK(result.error == "seaworthy: attempt 2 of job 17\n");
}

TEST_CASE("log of a job that never ran prints the reason of its verdict") {
  Job decided{a_job(17, "pipeline", Verdict::Skipped), "nothing to run here\n", 4};
  FakeBroker broker(decided);
  CHECK(log_of(broker, {"17"}).output == "nothing to run here\n");
}

TEST_CASE("log of a job that waits says why on stderr") {
  Job waiting{a_job(17, "test"), ""};
  waiting.row.why_waiting = "all workers are busy";
  FakeBroker broker(waiting);
  auto result = log_of(broker, {"17"});
  CHECK(result.exit_code == 0);
  CHECK(result.output.empty());
  CHECK_THAT(result.error, Contains("has not started: all workers are busy"));
}

TEST_CASE("log of an attempt that is not there is refused") {
  FakeBroker broker(finished_job("x"));
  auto result = log_of(broker, {"17", "--attempt", "5"});
  CHECK(result.exit_code == 2);
  CHECK(result.error == "seaworthy: job 17 has no attempt 5, it has 1 attempt\n");
}

TEST_CASE("log ends quietly when its reader leaves") {
  Job job = finished_job(std::string(4 * 1024 * 1024, 'x'));
  job.piece = 64 * 1024;
  FakeBroker broker(job);
  const std::string line = "set -o pipefail; '" + seaworthy_binary().string() +
                           "' log 17 --broker " + broker.endpoint() + " | head -c 5";
  io::Command command;
  command.argv = {"bash", "-c", line};
  auto result = io::run(command);
  REQUIRE(result);
  CHECK(result->output == "xxxxx");
  CHECK(result->error.empty());
  CHECK(result->exit_code == 0);
}

TEST_CASE("log says so when its output cannot be written") {
  FakeBroker broker(finished_job("x"));
  io::Command command;
  command.argv = {"bash", "-c",
                  "'" + seaworthy_binary().string() + "' log 17 --broker " + broker.endpoint() +
                      " > /dev/full"};
  auto result = io::run(command);
  REQUIRE(result);
  CHECK(result->exit_code == 2);
  CHECK_THAT(result->error, Contains("could not write"));
}
