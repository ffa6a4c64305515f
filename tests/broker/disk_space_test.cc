#include "broker/disk_space.h"

#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

constexpr uint64_t kLeast = 1024 * 1024;

// Room is asked of the real file system, so what is "least" is moved instead of what is free.
uint64_t free_in(const Folder& folder) {
  DiskSpace disk({folder.path()}, 0);
  disk.look();
  return disk.free_bytes();
}

}  // namespace

TEST_CASE("with room enough a ballast is laid in, and found again after a restart") {
  Folder folder;
  DiskSpace disk({folder.path()}, kLeast);
  CHECK(disk.look() == Space::Enough);
  CHECK(std::filesystem::file_size(folder.path() / "ballast") == kLeast / 8);
  DiskSpace again({folder.path()}, kLeast);
  CHECK(again.look() == Space::Enough);
}

TEST_CASE("a disk with less room than shall be free is low, and needs no ballast of new") {
  Folder folder;
  DiskSpace disk({folder.path()}, free_in(folder) + free_in(folder) / 2);
  CHECK(disk.look() == Space::Low);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "ballast"));
}

TEST_CASE("the last room on a disk is the ballast's, and without one there is none") {
  Folder folder;
  // All that is free is less than a 64th of what shall be.
  const uint64_t far_too_much = free_in(folder) * 100;
  std::ofstream(folder.path() / "ballast").put('x');
  DiskSpace disk({folder.path()}, far_too_much);
  CHECK(disk.look() == Space::None);
}

TEST_CASE("a directory that is not there is an error that names it") {
  DiskSpace disk({"/nowhere/at/all"}, kLeast);
  try {
    disk.look();
    FAIL("it was looked at");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("/nowhere/at/all") != std::string::npos);
  }
}
