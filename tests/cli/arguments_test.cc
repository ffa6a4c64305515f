#include "cli/arguments.h"

#include <cstdlib>

#include "cli/connection.h"
#include "cli/options.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli;

namespace {

std::variant<Invocation, Answered> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "seaworthy");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

Invocation understood(const std::vector<const char*>& words) {
  auto parsed = parse(words);
  REQUIRE(std::holds_alternative<Invocation>(parsed));
  return std::get<Invocation>(parsed);
}

std::string complaint(const std::vector<const char*>& words) {
  auto parsed = parse(words);
  REQUIRE(std::holds_alternative<Answered>(parsed));
  CHECK(std::get<Answered>(parsed).exit_code == ExitCode::Unknown);
  return std::get<Answered>(parsed).error;
}

}  // namespace

TEST_CASE("a time is a number of seconds, or has a unit") {
  CHECK(parse_time("30") == Duration{30'000});
  CHECK(parse_time("0.5") == Duration{500});
  CHECK(parse_time("500ms") == Duration{500});
  CHECK(parse_time("2m") == Duration{120'000});
  CHECK(parse_time("1h") == Duration{3'600'000});
  for (const char* wrong : {"", "s", "-1", "5 s", "5d", "nan", "inf", "1e300"})
    CHECK_FALSE(parse_time(wrong));
}

TEST_CASE("a misspelt command is answered with the nearest right one") {
  CHECK(nearest("stauts", {"status", "submit", "show"}) == "status");
  CHECK(nearest("logs", {"log", "workers"}) == "log");
  CHECK(nearest("build", {"builds", "hook"}) == "builds");
  CHECK_FALSE(nearest("xyzzy", {"status", "submit", "log"}));
  CHECK(complaint({"stauts"}).find("did you mean 'status'?") != std::string::npos);
  CHECK(complaint({"hook", "instal", "."}).find("did you mean 'install'?") != std::string::npos);
}

TEST_CASE("the broker may be named before or after the command") {
  CHECK(understood({"builds"}).connection.broker == kDefaultBroker);
  CHECK(understood({"--broker", "tcp://a:1", "builds"}).connection.broker == "tcp://a:1");
  CHECK(understood({"builds", "--broker", "tcp://b:2"}).connection.broker == "tcp://b:2");
  CHECK(
      understood({"--broker", "tcp://a:1", "builds", "--broker", "tcp://b:2"}).connection.broker ==
      "tcp://b:2");
}

TEST_CASE("each command has a time-out of its own, and --timeout replaces it") {
  CHECK(understood({"builds"}).connection.timeout == Duration{10'000});
  CHECK(understood({"notify", "."}).connection.timeout == Duration{2'000});
  CHECK(understood({"notify", ".", "--timeout", "0.5"}).connection.timeout == Duration{500});
  CHECK_FALSE(understood({"wait", "12"}).wait.give_up);
  CHECK(understood({"wait", "12", "--timeout", "60"}).wait.give_up == Duration{60'000});
}

TEST_CASE("wrong words are an error, never a guess") {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{},
                                             {"hook"},
                                             {"show"},
                                             {"builds", "--limit", "many"},
                                             {"builds", "--limt", "3"},
                                             {"wait", "12", "--timeout", "soon"},
                                             {"up", "--workers", "-1"}})
    CHECK_FALSE(complaint(words).empty());
}

TEST_CASE("help is an answer") {
  auto parsed = parse({"log", "--help"});
  REQUIRE(std::holds_alternative<Answered>(parsed));
  CHECK(std::get<Answered>(parsed).exit_code == ExitCode::Passed);
  CHECK(std::get<Answered>(parsed).out.find("Examples:") != std::string::npos);
}

TEST_CASE("several brokers are named with commas between") {
  auto endpoints = parse_endpoints("tcp://a:1, tcp://b:2");
  REQUIRE(endpoints);
  CHECK(*endpoints == std::vector<std::string>{"tcp://a:1", "tcp://b:2"});
  for (const char* wrong : {"", ",", "localhost:8888", "tcp://localhost"})
    CHECK_FALSE(parse_endpoints(wrong));
}

TEST_CASE("what describes a job to its steps is not taken for an option") {
  setenv("SEAWORTHY_JOB", "17", 1);
  setenv("SEAWORTHY_REPOSITORY", "/srv/git/harbour.git", 1);
  const Invocation cancel = understood({"cancel", "12"});
  const Invocation builds = understood({"builds"});
  unsetenv("SEAWORTHY_JOB");
  unsetenv("SEAWORTHY_REPOSITORY");
  CHECK_FALSE(cancel.change.is_job);
  CHECK(builds.builds.repository.empty());
}
