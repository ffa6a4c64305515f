#include "cli/render/story.h"

#include "cli/up/narrator.h"
#include "tests/cli/support/rows.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli;
using namespace seaworthy::test;
using Catch::Matchers::EndsWith;
using wire::EventKind;

namespace {

wire::EventRow of_job(EventKind kind, const std::string& detail = "") {
  wire::EventRow event = an_event(7, kind);
  event.job = {17};
  event.job_name = "test";
  event.attempt = {2};
  event.worker = "host-1";
  event.detail = detail;
  return event;
}

}  // namespace

TEST_CASE("a commit's way is told in the glossary's words") {
  const render::Style plain(false);
  wire::EventRow seen = an_event(1, EventKind::BuildSubmitted);
  seen.subject = "Widen the dock";
  CHECK_THAT(render::story_line(seen, plain),
             EndsWith("  build 12  harbour main 1a2b3c4d5e  seen and queued: Widen the dock"));
  CHECK(render::sentence(of_job(EventKind::AttemptAssigned)) ==
        "job 17 test: attempt 2 assigned to host-1");
  CHECK(render::sentence(of_job(EventKind::AttemptLost, "its lease ran out")) ==
        "job 17 test: attempt 2 lost with host-1: its lease ran out");
  wire::EventRow verdict = an_event(9, EventKind::BuildFinished);
  verdict.detail = "passed";
  verdict.duration_ms = 3'200;
  CHECK(render::sentence(verdict) == "build passed in 3.2 s");
}

TEST_CASE("up does not tell twice what one line says") {
  CHECK(is_told(an_event(1, EventKind::BuildSubmitted)));
  CHECK(is_told(of_job(EventKind::AttemptAssigned)));
  CHECK_FALSE(is_told(of_job(EventKind::AttemptFinished, "failed")));
  CHECK(is_told(of_job(EventKind::AttemptFinished, "broken")));
  CHECK_FALSE(is_told(of_job(EventKind::JobFinished, "passed")));
  CHECK(is_told(of_job(EventKind::JobFinished, "failed")));
  CHECK(is_told(of_job(EventKind::BuildFinished, "passed")));
}
