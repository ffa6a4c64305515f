#include "worker/leader/steps.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace seaworthy::worker {
namespace {

std::vector<std::string> environment(std::vector<std::string> inherited,
                                     std::map<std::string, std::string> of_job = {},
                                     std::map<std::string, std::string> of_step = {}) {
  wire::Assign assign;
  assign.build = BuildId{3};
  assign.job = JobId{7};
  assign.attempt = AttemptNumber{2};
  assign.repository = "https://example.org/r";
  assign.ref = "refs/heads/main";
  assign.revision = "abc";
  assign.specification.name = "test";
  assign.specification.env = std::move(of_job);
  return step_environment(inherited, assign, {"s", "true", std::move(of_step)},
                          {"worker-1", "/work/7.2"});
}

bool has(const std::vector<std::string>& environment, const std::string& entry) {
  return std::count(environment.begin(), environment.end(), entry) == 1;
}
bool has_name(const std::vector<std::string>& environment, const std::string& name) {
  return std::any_of(environment.begin(), environment.end(),
                     [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

}  // namespace

TEST_CASE("a step is told what it is part of") {
  const auto env = environment({"PATH=/bin", "HOME=/home/ada"});
  for (const char* entry :
       {"PATH=/bin", "HOME=/home/ada", "CI=true", "SEAWORTHY=true", "SEAWORTHY_BUILD=3",
        "SEAWORTHY_JOB=7", "SEAWORTHY_JOB_NAME=test", "SEAWORTHY_ATTEMPT=2",
        "SEAWORTHY_REPOSITORY=https://example.org/r", "SEAWORTHY_REF=refs/heads/main",
        "SEAWORTHY_REVISION=abc", "SEAWORTHY_WORKER=worker-1", "SEAWORTHY_WORKSPACE=/work/7.2"}) {
    INFO(entry);
    CHECK(has(env, entry));
  }
}

TEST_CASE("a step does not see the worker's own settings") {
  const auto env =
      environment({"SEAWORTHY_BROKER=tcp://x", "SEAWORTHY_TOKEN=secret", "GIT_DIR=/x"});
  CHECK_FALSE(has_name(env, "SEAWORTHY_BROKER"));
  CHECK_FALSE(has_name(env, "SEAWORTHY_TOKEN"));
  CHECK_FALSE(has_name(env, "GIT_DIR"));
}

TEST_CASE("the step's env wins over the job's, the job's over what is inherited") {
  const auto env = environment({"A=inherited", "B=inherited", "C=inherited"},
                               {{"B", "job"}, {"C", "job"}}, {{"C", "step"}});
  CHECK(has(env, "A=inherited"));
  CHECK(has(env, "B=job"));
  CHECK(has(env, "C=step"));
}

TEST_CASE("values may hold anything but a zero byte") {
  CHECK(has(environment({"A=b=c\nd"}), "A=b=c\nd"));
}

TEST_CASE("there is a shell on a machine that runs these tests") {
  CHECK_FALSE(find_shell().empty());
}

}  // namespace seaworthy::worker
