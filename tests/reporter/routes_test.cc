#include "reporter/routes.h"

#include "shared/http/server.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::reporter;

namespace {
template <class Kind>
Kind as(std::string_view target) {
  const Route route = route_of(target);
  REQUIRE(std::holds_alternative<Kind>(route));
  return std::get<Kind>(route);
}
}  // namespace

TEST_CASE("each page has its address") {
  (void)as<HomeRoute>("/");
  (void)as<HomeRoute>("/?utm=1");
  (void)as<QueueRoute>("/queue");
  (void)as<WorkersRoute>("/workers");
  (void)as<HealthRoute>("/healthz");
  (void)as<ReadyRoute>("/readyz");
  CHECK(as<BuildRoute>("/builds/12").build == BuildId{12});
  CHECK(as<LogRoute>("/jobs/17/log").job == JobId{17});
  CHECK(as<LogRoute>("/jobs/17/log").attempt == AttemptNumber{0});
  CHECK(as<LogRoute>("/jobs/17/log?attempt=2").attempt == AttemptNumber{2});
  const auto raw = as<RawLogRoute>("/jobs/17/log.txt?attempt=2&offset=65536");
  CHECK(raw.attempt == AttemptNumber{2});
  CHECK(raw.offset == 65'536);
  const auto tail = as<LogTailRoute>("/jobs/17/log/tail?attempt=1&offset=9&line=3&look=2-0-b");
  CHECK(tail.offset == 9);
  CHECK(tail.line == 3);
  CHECK(tail.look.bold);
  CHECK(as<EventsRoute>("/events?after=0").after == EventSequence{0});
  CHECK_FALSE(as<EventsRoute>("/events").after);
}

TEST_CASE("other addresses are none, and no path is a file's") {
  for (const char* target : {"",
                             "*",
                             "http://example.org/",
                             "//",
                             "/builds/",
                             "/builds/0",
                             "/builds/x",
                             "/builds/-1",
                             "/builds/1/",
                             "/builds/1x",
                             "/builds/18446744073709551616",
                             "/jobs/1",
                             "/jobs/1/",
                             "/jobs/x/log",
                             "/jobs/0/log",
                             "/jobs/1/log/",
                             "/jobs/1/log.txt/..",
                             "/../etc/passwd",
                             "/%2e%2e/etc/passwd",
                             "/builds/%31",
                             "/QUEUE",
                             "/healthz/"})
    CHECK(std::holds_alternative<NoRoute>(route_of(target)));
}

TEST_CASE("numbers that are none count as absent") {
  CHECK(as<LogRoute>("/jobs/1/log?attempt=two").attempt == AttemptNumber{0});
  CHECK(as<LogRoute>("/jobs/1/log?attempt=99999999999").attempt == AttemptNumber{0});
  CHECK(as<RawLogRoute>("/jobs/1/log.txt?offset=-5&attempt=").offset == 0);
}

TEST_CASE("a host is this machine's own, or another's") {
  CHECK(host_name_of("localhost:8080") == "localhost");
  CHECK(host_name_of("[::1]:8080") == "[::1]");
  for (const char* own : {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
    CHECK(http::is_loopback(own));
  for (const char* other :
       {"", "example.org", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org"})
    CHECK_FALSE(http::is_loopback(other));
}
