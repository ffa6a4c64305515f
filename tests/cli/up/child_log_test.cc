#include "cli/up/child_log.h"

#include <fstream>

#include "tests/cli/support/program.h"
#include "tests/support/catch.h"

using namespace seaworthy::cli;
using namespace seaworthy::test;
using Lines = std::vector<std::string>;

namespace {

void append(const ChildLog& log, const std::string& text) {
  std::ofstream(log.file(), std::ios::app) << text;
}

}  // namespace

TEST_CASE("a complaint is a line whose level says so") {
  CHECK(complaint_of("2026-11-21 05:23:55.123 warning worker: disk is nearly full") ==
        Complaint{false, "disk is nearly full"});
  CHECK(complaint_of("2026-11-21 05:23:55.123 error broker: cannot: listen") ==
        Complaint{true, "cannot: listen"});
  CHECK_FALSE(complaint_of("2026-11-21 05:23:55.123 info  broker: error is a word"));
  CHECK_FALSE(complaint_of("error: of another kind"));
  CHECK(without_date("2026-11-21 05:23:55.123 error broker: no") == "error broker: no");
  CHECK(without_date("Segmentation fault") == "Segmentation fault");
}

TEST_CASE("last words are those of the present life") {
  TemporaryFolder folder;
  write_file(folder / "worker.log", "an older life\n");
  auto log = ChildLog::open(folder / "worker.log");
  REQUIRE(log);
  log->start_life();
  CHECK(log->last_lines(3).empty());
  append(*log, "one\ntwo\n\nthree\nfour");
  CHECK(log->last_lines(3) == Lines{"two", "three", "four"});
  log->start_life();
  append(*log, "five\n");
  CHECK(log->last_lines(3) == Lines{"five"});
}

TEST_CASE("each complaint is told once, when its line is whole") {
  TemporaryFolder folder;
  auto log = ChildLog::open(folder / "worker.log");
  REQUIRE(log);
  append(*log,
         "2026-11-21 05:23:55.123 info  worker: fine\n"
         "2026-11-21 05:23:55.123 warning worker: odd\n2026-11-21 05:23:55.123 err");
  CHECK(log->new_complaints() == std::vector{Complaint{false, "odd"}});
  CHECK(log->new_complaints().empty());
  append(*log, "or worker: bad\n");
  CHECK(log->new_complaints() == std::vector{Complaint{true, "bad"}});
}
