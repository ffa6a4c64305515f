#include "shared/io/times_file.h"

#include "shared/model/limits.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;

namespace {

constexpr auto kUnknown = std::nullopt;

struct File {
  Folder folder;
  std::filesystem::path path = folder.path() / "times";

  OutputTimes read(uint64_t from, uint64_t to) const {
    return io::read_times(path, from, to).times;
  }
  uint64_t records() const { return std::filesystem::file_size(path) / 12; }
};

}  // namespace

TEST_CASE("times that come with their output one after the other are one list") {
  const File file;
  io::TimesFile times(file.path);
  times.write(0, 100, {{0, 5}, {50, 200}});
  times.write(100, 150, {{100, 200}});  // the same moment goes on
  times.write(150, 300, {{150, 200}, {220, 900}});
  CHECK(file.read(0, 300) == OutputTimes{{0, 5}, {50, 200}, {220, 900}});
  CHECK(file.read(60, 230) == OutputTimes{{60, 200}, {220, 900}});
  CHECK(file.read(60, 1'000) == OutputTimes{{60, 200}, {220, 900}, {300, kUnknown}});
  CHECK(file.read(300, 1'000).empty());
  CHECK(file.records() == 4);
  CHECK(io::end_of_times(file.path) == 300u);
}

TEST_CASE("of output that came without times none are known, whatever was before it") {
  const File file;
  io::TimesFile times(file.path);
  times.write(0, 100, {});
  CHECK_FALSE(std::filesystem::exists(file.path));
  times.write(100, 200, {{120, 7}});
  times.write(200, 300, {});
  times.write(300, 400, {{300, 9}});
  times.write(400, 500, {{450, 10}});
  CHECK(file.read(0, 500) ==
        OutputTimes{{120, 7}, {200, kUnknown}, {300, 9}, {400, kUnknown}, {450, 10}});
}

TEST_CASE("output that is sent again from some place has its times from there on") {
  const File file;
  io::TimesFile(file.path).write(0, 100, {{0, 5}, {50, 200}, {70, 300}, {90, 400}});
  const uint64_t from = GENERATE(60u, 70u, 75u, 90u, 100u);
  io::TimesFile again(file.path);
  const OutputTimes all{{0, 5}, {50, 200}, {70, 300}, {90, 400}, {110, 500}};
  again.write(from, 120, times_of(all, from, 120));
  CHECK(file.read(0, 120) == all);
  CHECK(file.records() == 6);
}

TEST_CASE("a gap in what was told stays one") {
  const File file;
  io::TimesFile(file.path).write(0, 100, {{0, 5}});
  io::TimesFile(file.path).write(140, 200, {{140, 5}});
  CHECK(file.read(0, 200) == OutputTimes{{0, 5}, {100, kUnknown}, {140, 5}});
}

TEST_CASE("a file that lost its end says nothing of what follows its last time") {
  const File file;
  io::TimesFile(file.path).write(0, 100, {{0, 5}, {50, 200}, {70, 300}});
  std::filesystem::resize_file(file.path, 12 * 2 + GENERATE(0u, 5u));
  CHECK(io::end_of_times(file.path) == kUnknown);
  io::TimesFile(file.path).write(100, 200, {{100, 400}});
  CHECK(file.read(0, 200) == OutputTimes{{0, 5}, {50, kUnknown}, {100, 400}});
}

TEST_CASE("a file whose end became zeros says nothing of what was lost") {
  const File file;
  io::TimesFile(file.path).write(0, 100, {{0, 5}, {50, 200}, {70, 300}});
  std::filesystem::resize_file(file.path, 12 * 2);
  std::filesystem::resize_file(file.path, 12 * 4);
  io::TimesFile(file.path).write(100, 200, {{100, 400}});
  for (uint64_t place : {50u, 60u, 99u}) {
    CAPTURE(place);
    CHECK(time_at(file.read(place, 200), place) == kUnknown);
  }
  CHECK(file.read(100, 200) == OutputTimes{{100, 400}});
}

TEST_CASE("bytes that are no times are told as none, and later ones are kept") {
  const File file;
  std::ofstream(file.path) << std::string(1'000, '\xff');
  CHECK(file.read(0, 500).empty());
  io::TimesFile(file.path).write(0, 100, {{0, 5}});
  CHECK(file.read(0, 100) == OutputTimes{{0, 5}});
}

TEST_CASE("an answer has as many times as fit a message, and says up to where they go") {
  const File file;
  io::TimesFile times(file.path);
  OutputTimes all;
  while (all.size() < 2'500) all.push_back({all.size() * 3, all.size()});
  times.write(0, 7'500, all);
  uint64_t from = 1;
  size_t answers = 0;
  while (from < 7'500) {
    const io::TimesRead read = io::read_times(file.path, from, 7'500);
    CHECK(read.times == times_of(all, from, read.to));
    CHECK(are_sound(read.times, from, read.to));
    REQUIRE(read.to > from);
    from = read.to;
    ++answers;
  }
  CHECK(answers == 3);
}

TEST_CASE("a file of times has its limit, behind which none are known") {
  const File file;
  io::TimesFile times(file.path);
  uint64_t offset = 0;
  while (offset < 2 * limits::kOutputTimes) {
    OutputTimes some;
    for (uint64_t i = 0; i < 1'000; ++i) some.push_back({offset + i, offset + i});
    times.write(offset, offset + 1'000, some);
    offset += 1'000;
  }
  CHECK(file.records() <= limits::kOutputTimes);
  CHECK(file.records() > limits::kOutputTimes - 2'000);
  CHECK(file.read(1'000, 1'001) == OutputTimes{{1'000, 1'000}});
  CHECK(file.read(limits::kOutputTimes, offset).empty());
}

TEST_CASE("times that cannot be written are forgotten, and nobody is kept by it") {
  const Folder folder;
  io::TimesFile times(folder.path() / "nowhere" / "times");
  times.write(0, 100, {{0, 5}});
  times.end_at(50);
  CHECK(io::read_times(folder.path() / "nowhere" / "times", 0, 100).to == 100);
}
