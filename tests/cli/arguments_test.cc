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

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Environment() { unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

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
  CHECK(understood({"builds"}).connection.broker.empty());
  CHECK(understood({"--broker", "tcp://a:1", "builds"}).connection.broker == "tcp://a:1");
  CHECK(understood({"builds", "--broker", "tcp://b:2"}).connection.broker == "tcp://b:2");
  CHECK(
      understood({"--broker", "tcp://a:1", "builds", "--broker", "tcp://b:2"}).connection.broker ==
      "tcp://b:2");
}

TEST_CASE("each command has a time-out of its own, and --timeout replaces it") {
  CHECK(understood({"builds"}).connection.timeout == Duration{10'000});
  CHECK(understood({"health"}).connection.timeout == Duration{3'000});
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

TEST_CASE("the command line wins over the environment") {
  const Environment broker("SEAWORTHY_BROKER", "tcp://env:1");
  const Environment timeout("SEAWORTHY_TIMEOUT", "7");
  CHECK(understood({"builds"}).connection.broker == "tcp://env:1");
  CHECK(understood({"builds"}).connection.timeout == Duration{7'000});
  CHECK(understood({"hook", "install", "."}).hook.broker == "tcp://env:1");
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"builds", "--broker", "tcp://b:2", "--timeout", "3"},
        {"--broker", "tcp://b:2", "builds", "--timeout", "3"}}) {
    const ConnectionOptions connection = understood(words).connection;
    CHECK(connection.broker == "tcp://b:2");
    CHECK(connection.timeout == Duration{3'000});
  }
  CHECK(understood({"hook", "install", ".", "--broker", "tcp://b:2"}).hook.broker == "tcp://b:2");
}

TEST_CASE("what describes a job to its steps is not taken for an option") {
  const Environment job("SEAWORTHY_JOB", "17");
  const Environment repository("SEAWORTHY_REPOSITORY", "/srv/git/harbour.git");
  CHECK_FALSE(understood({"cancel", "12"}).change.is_job);
  CHECK(understood({"builds"}).builds.repository.empty());
}
