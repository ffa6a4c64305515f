// Reports are read in a process apart: what it finds comes back, and it can be stopped.
#include "worker/leader/look_at_tests.h"

#include <unistd.h>

#include <array>
#include <fstream>

#include "shared/io/fd.h"
#include "shared/wire/packed_tests.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::worker;

namespace {

// The worker's end is written to when it has something to say.
struct Worker {
  Worker() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    hears = io::Fd(ends[0]);
    says = io::Fd(ends[1]);
  }
  io::Fd hears, says;
};

}  // namespace

TEST_CASE("what the tests left is found by a process of its own, and comes back packed") {
  const Folder folder;
  const Worker worker;
  std::filesystem::create_directory(folder.path() / "work");
  const reports::Places places{
      folder.path() / "work", {}, folder.path() / "output", reports::mark_time()};
  CHECK(look_at_tests(places, worker.hears.get()).packed.empty());
  std::ofstream(folder.path() / "work/junit.xml") << "<testsuite><testcase name='a'><failure/>"
                                                     "</testcase><testcase name='b'/></testsuite>";
  const Tests found = look_at_tests(places, worker.hears.get());
  CHECK(found.counts == TestCounts{1, 1, 0, 0});
  CHECK(words_of(found.counts) == "1 failed, 1 passed");
  auto columns = wire::unpack_tests(found.packed);
  REQUIRE(columns);
  CHECK(columns->result(0).name == "a");
}

TEST_CASE("a report that cannot be read is a note, and counts nothing") {
  const Folder folder;
  const Worker worker;
  const reports::Places places{folder.path(), {}, folder.path() / "output", reports::mark_time()};
  std::ofstream(folder.path() / "junit.xml") << "<testsuite><";
  const Tests found = look_at_tests(places, worker.hears.get());
  CHECK(found.counts.all() == 0);
  REQUIRE(found.notes.size() == 1);
  CHECK(wire::unpack_tests(found.packed)->notes == found.notes);
}

TEST_CASE("when the worker has something to say, reports are looked at no longer") {
  const Folder folder;
  const Worker worker;
  std::ofstream(folder.path() / "output") << "1..1\nok 1\n";
  REQUIRE(write(worker.says.get(), "k", 1) == 1);
  const reports::Places places{folder.path(), {}, folder.path() / "output", {}};
  CHECK(look_at_tests(places, worker.hears.get()).packed.empty());
}
