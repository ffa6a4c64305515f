#include "cli/render/pages.h"

#include "tests/cli/support/matchers.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli::render;
using namespace seaworthy::test;

namespace {

constexpr UnixMillis kNow{1'700'000'010'000};
const Style kPlain(false);

}  // namespace

TEST_CASE("a build stands as its verdict and time, or as what it does now") {
  CHECK(standing(a_build(12, Verdict::Passed), kNow) == "passed in 3.2 s");
  CHECK(standing(a_build(12), kNow) == "queued");
  wire::BuildRow running = a_build(12);
  running.state = State::Running;
  running.started = {1'700'000'008'000};
  CHECK(standing(running, kNow) == "running for 2.0 s");
}

TEST_CASE("the page of a build tells the story of each attempt") {
  wire::BuildDetail detail;
  detail.build = a_build(12, Verdict::Failed);
  detail.jobs = {a_job(17, "test", Verdict::Failed), a_job(18, "pipeline", Verdict::Skipped)};
  detail.jobs[0].attempts = {an_attempt(1, "host-1", Outcome::Lost),
                             an_attempt(2, "host-2", Outcome::Failed)};
  detail.jobs[0].attempts[1].detail = "step unittest ended with exit code 1";
  detail.jobs[0].attempts[1].steps = {{"unittest", 1, 250}};
  detail.jobs[1].note = "nothing to run\nadd a file";
  const std::string page = build_page(detail, {}, kNow, kPlain);
  CHECK_THAT(page, Contains("build 12 failed in 3.2 s\n"));
  CHECK_THAT(page, Contains("  job 17 test: failed\n"
                            "    attempt 1 on host-1: lost after 3.0 s\n"
                            "    attempt 2 on host-2: failed after 3.0 s\n"
                            "      step unittest ended with exit code 1\n"
                            "      step unittest: exit code 1 after 0.2 s\n"));
  CHECK_THAT(page, Contains("  job 18 pipeline: skipped\n    nothing to run\n    add a file\n"));
}

TEST_CASE("the status gives each waiting job one sentence why") {
  wire::QueueStatusOk queue;
  queue.waiting_count = 3;
  queue.running_count = 1;
  queue.worker_count = 1;
  queue.waiting = {{{17}, {12}, "/srv/harbour", kRevision, "test", "all workers are busy"}};
  queue.running = {
      {{18}, {2}, {12}, "/srv/harbour", kRevision, "lint", "host-1", {1'700'000'008'000}}};
  const std::string page = status_page(queue, {{a_build(11, Verdict::Passed)}}, kNow, kPlain);
  CHECK_THAT(page, Contains("3 jobs waiting, 1 running, 1 worker\n"));
  CHECK_THAT(page, Contains("all workers are busy\n  and 2 more\n"));
  CHECK_THAT(page, Contains("host-1  2.0 s, attempt 2"));
  CHECK_THAT(page, Contains("Last verdicts\n"));
}

TEST_CASE("below the workers stands why a sick one takes no jobs") {
  wire::WorkerRow sick, well;
  sick.worker = "host-1";
  sick.state = "sick";
  sick.reason = "its disk\nis full";
  well.worker = "host-2";
  well.state = "idle";
  const std::string page = workers_page({{sick, well}}, kNow, kPlain);
  CHECK_THAT(page, Contains("host-1  sick "));
  CHECK_THAT(page, Contains("\nhost-1 takes no jobs: its disk"));
  CHECK_THAT(page, !Contains("host-2 takes no jobs"));
}

TEST_CASE("a page in colours says the same as one without") {
  std::string coloured = builds_page({{a_build(12, Verdict::Failed)}}, kNow, Style(true));
  CHECK_THAT(coloured, Contains("\x1b[31mfailed\x1b[0m"));
  for (size_t at; (at = coloured.find("\x1b[")) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) - at + 1);
  CHECK(coloured == builds_page({{a_build(12, Verdict::Failed)}}, kNow, kPlain));
}
