#include "cli/identify.h"

#include "tests/cli/support/fake_broker.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli;
using namespace seaworthy::test;

namespace {

// Knows build 12 with the jobs 17 "test" and 18 "lint", and one build of kRevision: 12.
std::optional<wire::Envelope> one_build(const wire::Message& message) {
  if (const auto* show = std::get_if<wire::ShowBuild>(&message)) {
    if (show->build.value != 12 && show->job.value != 17) return not_found("such build");
    wire::BuildDetail detail;
    detail.build = a_build(12);
    detail.jobs = {a_job(17, "test"), a_job(18, "lint")};
    return answer(detail);
  }
  const auto& list = std::get<wire::ListBuilds>(message);
  wire::BuildList builds;
  if (kRevision.starts_with(list.revision)) builds.builds = {a_build(12)};
  return answer(builds);
}

struct Asking {
  FakeBroker broker{one_build};
  zmq::context_t context;
  io::Client client{context, options()};

  io::ClientOptions options() const {
    io::ClientOptions options;
    options.endpoints = {broker.endpoint()};
    options.give_up_after = Duration{5000};
    return options;
  }
};

}  // namespace

TEST_CASE("a number is decimal digits above zero") {
  CHECK(parse_number("12") == 12);
  for (const char* wrong : {"", "0", "-1", "+1", "12a", " 12", "99999999999999999999"})
    CHECK_FALSE(parse_number(wrong));
}

TEST_CASE("a revision has four or more hex digits") {
  CHECK(is_revision_prefix("1a2b"));
  CHECK(is_revision_prefix("1A2B"));
  for (const char* wrong : {"", "1a2", "main", "1a2b-"}) CHECK_FALSE(is_revision_prefix(wrong));
}

TEST_CASE("a job path is cut at its first slash") {
  auto path = parse_job_path("12/unit/fast");
  REQUIRE(path);
  CHECK(path->build == "12");
  CHECK(path->name == "unit/fast");
  for (const char* wrong : {"12", "/test", "12/"}) CHECK_FALSE(parse_job_path(wrong));
}

TEST_CASE("a build is found by its number and by its revision") {
  Asking asking;
  for (const char* text : {"12", "1a2b", "1A2B3C"}) {
    auto found = find_build(asking.client, text);
    REQUIRE(found);
    CHECK(found->build.build.value == 12);
  }
}

TEST_CASE("what is no build is told apart from what is none yet") {
  Asking asking;
  auto kind_of = [&](const char* text) {
    auto found = find_build(asking.client, text);
    REQUIRE_FALSE(found);
    return found.error().kind;
  };
  CHECK(kind_of("99") == LookupError::Kind::Nothing);
  CHECK(kind_of("9999") == LookupError::Kind::Nothing);  // could be a revision, but is not
  CHECK(kind_of("main") == LookupError::Kind::Nothing);
  CHECK(kind_of("dead") == LookupError::Kind::NotYet);
  CHECK(kind_of("1234567890123456789012345678901234567890") == LookupError::Kind::NotYet);
}

TEST_CASE("a job is found by its number, by its name, and by its number within the build") {
  Asking asking;
  for (const char* text : {"17", "12/test", "1a2b/test", "12/17"}) {
    auto found = find_job(asking.client, text);
    REQUIRE(found);
    CHECK(found->job().job.value == 17);
  }
  auto absent = find_job(asking.client, "12/tset");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().message == "build 12 has no job 'tset': its jobs are test, lint");
  CHECK_FALSE(find_job(asking.client, "test"));
}
