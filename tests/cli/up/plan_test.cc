#include "cli/up/plan.h"

#include "cli/up/backoff.h"
#include "cli/up/summary_file.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::cli;

TEST_CASE("the broker listens where it is told to, on any port if that is 0") {
  CHECK(endpoint_for("127.0.0.1:8888").value() == "tcp://127.0.0.1:8888");
  CHECK(endpoint_for("[::1]:0").value() == "tcp://[::1]:0");
  for (const char* wrong : {"", "8888", ":8888", "host:", "host:x", "host:65536"})
    CHECK_FALSE(endpoint_for(wrong));
}

TEST_CASE("a broker that listens everywhere is reached on this machine") {
  CHECK(reachable("tcp://0.0.0.0:8888") == "tcp://127.0.0.1:8888");
  CHECK(reachable("tcp://10.0.0.1:8888") == "tcp://10.0.0.1:8888");
}

TEST_CASE("the watcher is given the refs and the repositories") {
  UpOptions options;
  options.repositories = {"/srv/harbour", "https://example.org/dock"};
  options.state = "/var/sw";
  options.refs = {"refs/heads/*", "refs/pull/*/head"};
  options.newest_only = true;
  CHECK(watcher_command(options, "tcp://127.0.0.1:1") ==
        std::vector<std::string>{
            "seaworthy-watcher", "--broker", "tcp://127.0.0.1:1", "--state", "/var/sw/watcher",
            "--mirrors", "/var/sw/mirrors", "--every", "5s", "--ref", "refs/heads/*", "--ref",
            "refs/pull/*/head", "--newest-only", "--", "/srv/harbour", "https://example.org/dock"});
}

TEST_CASE("the reporter is given the broker, its key, and where to be") {
  UpOptions options;
  options.keys = "/etc/keys";
  CHECK(reporter_command(options, "tcp://127.0.0.1:1", "127.0.0.1:8080", true) ==
        std::vector<std::string>{"seaworthy-reporter", "--broker", "tcp://127.0.0.1:1", "--listen",
                                 "127.0.0.1:8080", "--key", "/etc/keys/reporter.key",
                                 "--or-any-port"});
  options = {};
  options.news = "/etc/news.yml";
  options.url = "https://ci.example.org";
  CHECK(reporter_command(options, "tcp://127.0.0.1:1", "127.0.0.1:8080", false) ==
        std::vector<std::string>{"seaworthy-reporter", "--broker", "tcp://127.0.0.1:1", "--listen",
                                 "127.0.0.1:8080", "--news", "/etc/news.yml", "--url",
                                 "https://ci.example.org"});
  options = {};
  options.is_public = true;
  CHECK(reporter_command(options, "tcp://127.0.0.1:1", "0.0.0.0:80", false) ==
        std::vector<std::string>{"seaworthy-reporter", "--broker", "tcp://127.0.0.1:1", "--listen",
                                 "0.0.0.0:80", "--public"});
}

TEST_CASE("each restart waits longer, up to a limit, and a healthy life starts over") {
  Backoff backoff;
  CHECK(backoff.next(Duration{10}) == Duration{1'000});
  CHECK(backoff.next(Duration{10}) == Duration{2'000});
  for (int i = 0; i < 10; ++i) (void)backoff.next(Duration{10});
  CHECK(backoff.next(Duration{59'999}) == Duration{30'000});
  CHECK(backoff.next(Duration{60'000}) == Duration{1'000});
}

TEST_CASE("up.json says where everything is") {
  CHECK(json_of({42, "tcp://127.0.0.1:1", "http://127.0.0.1:2", 3, "/var/sw", {7}}) ==
        "{\n  \"pid\": 42,\n  \"broker\": \"tcp://127.0.0.1:1\",\n"
        "  \"page\": \"http://127.0.0.1:2\",\n"
        "  \"workers\": 3,\n"
        "  \"state\": \"/var/sw\",\n  \"started_ms\": 7\n}\n");
}
