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
  CHECK(as<LogRoute>("/jobs/17/log?line=12").line == 12u);
  CHECK(as<LogRoute>("/jobs/17/log?offset=0").offset == 0u);
  CHECK(as<LogRoute>("/jobs/17/log").times == TimesShown::None);
  CHECK(as<LogRoute>("/jobs/17/log?time=relative").times == TimesShown::Relative);
  CHECK(as<LogRoute>("/jobs/17/log?time=absolute").times == TimesShown::Absolute);
  CHECK(as<LogRoute>("/jobs/17/log?time=never").times == TimesShown::None);
  const auto rows = as<LogRowsRoute>("/jobs/17/log/rows?attempt=1&row=9&count=3");
  CHECK(rows.row == 9);
  CHECK(rows.count == 3);
  const auto places = as<LogPlacesRoute>("/jobs/17/log/places?offsets=0%2C12,x&line=4");
  CHECK(places.offsets == std::vector<uint64_t>{0, 12, 0});
  CHECK(places.line == 4u);
  (void)as<WallRoute>("/?wall");
  (void)as<WallRoute>("/?a=1&wall=1");
  CHECK(as<EventsRoute>("/events?after=0").after == EventSequence{0});
  CHECK_FALSE(as<EventsRoute>("/events").after);
}

TEST_CASE("what people type, and the names of repositories, are decoded") {
  const auto search = as<LogSearchRoute>("/jobs/17/log/search?q=a%2Bb+c%&regex=1&from=5&to=9");
  CHECK(search.query.text == "a+b c%");
  CHECK(search.query.is_regex);
  CHECK_FALSE(search.query.has_case);
  CHECK_FALSE(search.errors);
  CHECK(search.from == 5);
  CHECK(search.to == 9);
  CHECK(as<LogSearchRoute>("/jobs/17/log/search?errors=1").errors);
  CHECK(as<LogRoute>("/jobs/17/log?q=%C3%A4&case=on").query == LogQuery{"ä", false, true});
  const auto repository =
      as<RepositoryRoute>("/repositories/%2Fsrv%2Fharbour.git?ref=refs%2Fheads%2Fmain&before=7");
  CHECK(repository.repository == "/srv/harbour.git");
  CHECK(repository.ref == "refs/heads/main");
  CHECK(repository.before == 7);
  CHECK(as<RepositoryRoute>("/repositories/a+b").repository == "a+b");
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
