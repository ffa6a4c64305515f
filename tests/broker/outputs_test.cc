#include "broker/outputs.h"

#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

std::string long_text() {
  std::string text;
  for (unsigned i = 0; text.size() < 5'000'000; ++i)
    text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

}  // namespace

TEST_CASE("any range of an output reads the same, plain and compressed") {
  const Folder own;
  const std::filesystem::path& folder = own.path();
  const AttemptKey attempt{JobId{4711}, AttemptNumber{2}};
  const std::string text = long_text();
  OutputWriter writer(folder);
  for (size_t at = 0; at < text.size(); at += 65536)
    writer.write(attempt, at, std::string_view(text).substr(at, 65536));
  writer.sync();

  OutputReader reader(folder);
  auto check_ranges = [&] {
    for (size_t offset :
         {size_t{0}, size_t{1}, size_t{1024 * 1024 - 1}, size_t{1024 * 1024}, size_t{3'333'333}})
      CHECK(reader.read(attempt, offset, text.size(), 100'000) == text.substr(offset, 100'000));
    CHECK(reader.read(attempt, text.size() - 5, text.size(), 100) == text.substr(text.size() - 5));
    CHECK(reader.read(attempt, text.size(), text.size(), 100).empty());
  };
  check_ranges();
  compress_output(folder, attempt, text.size());
  CHECK_FALSE(std::filesystem::exists(folder / "4" / "4711.2.log"));
  check_ranges();
  compress_output(folder, attempt, text.size());
  check_ranges();
}

TEST_CASE("output that was changed by other hands is refused as damaged") {
  const Folder own;
  const AttemptKey attempt{JobId{7}, AttemptNumber{1}};
  const std::string text = long_text();
  OutputWriter writer(own.path());
  writer.write(attempt, 0, text);
  writer.sync();
  compress_output(own.path(), attempt, text.size());
  const std::filesystem::path file = own.path() / "0" / "7.1.log.zst";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 100);
  OutputReader reader(own.path());
  CHECK_THROWS_AS(reader.read(attempt, 0, text.size(), 100), std::runtime_error);
}

TEST_CASE("what is remembered of many outputs is bounded, and forgetting changes nothing") {
  const Folder own;
  OutputWriter writer(own.path());
  const std::string text = long_text().substr(0, 20'000);
  OutputReader reader(own.path());
  for (int round = 0; round < 2; ++round)
    for (uint64_t job = 1; job <= 100; ++job) {
      const AttemptKey attempt{JobId{job}, AttemptNumber{1}};
      const std::string own_text = std::to_string(job) + text;
      if (round == 0) {
        writer.write(attempt, 0, own_text);
        writer.sync();
        compress_output(own.path(), attempt, own_text.size());
      }
      REQUIRE(reader.read(attempt, 0, own_text.size(), 50) == own_text.substr(0, 50));
    }
}

TEST_CASE("bytes beyond what the store acknowledges are not shown") {
  const Folder own;
  const AttemptKey attempt{JobId{1}, AttemptNumber{1}};
  OutputWriter writer(own.path());
  writer.write(attempt, 0, "acknowledged, and not");
  CHECK(OutputReader(own.path()).read(attempt, 0, 12, 100) == "acknowledged");
}

TEST_CASE("times are kept beside their output, through restarts and compression, and go with it") {
  const Folder own;
  const AttemptKey attempt{JobId{4711}, AttemptNumber{2}};
  const std::string text = long_text();
  const std::filesystem::path times = own.path() / "4" / "4711.2.times";
  {
    OutputWriter writer(own.path());
    writer.write(attempt, 0, std::string_view(text).substr(0, 1'000), {{0, 10}, {500, 200}});
    writer.write(attempt, 1'000, std::string_view(text).substr(1'000, 1'000), {{1'000, 200}});
    // Not committed before the end of this life: it comes again.
    writer.write(attempt, 2'000, std::string_view(text).substr(2'000, 500), {{2'000, 700}});
  }
  OutputWriter writer(own.path());
  writer.write(attempt, 2'000, std::string_view(text).substr(2'000), {{2'000, 700}, {2'100, 900}});
  writer.sync();
  writer.close(attempt);
  OutputReader reader(own.path());
  const OutputTimes expected{{0, 10}, {500, 200}, {2'000, 700}, {2'100, 900}};
  CHECK(reader.read_times(attempt, 0, text.size()).times == expected);
  compress_output(own.path(), attempt, text.size());
  CHECK(reader.read_times(attempt, 0, text.size()).times == expected);
  CHECK(reader.read(attempt, 2'000, text.size(), 50) == text.substr(2'000, 50));
  CHECK(std::filesystem::exists(times));
  remove_output(own.path(), attempt);
  CHECK_FALSE(std::filesystem::exists(times));
  CHECK(stored_outputs(own.path()).empty());
}

TEST_CASE("output without times leaves no file of them") {
  const Folder own;
  OutputWriter writer(own.path());
  writer.write({JobId{1}, AttemptNumber{1}}, 0, "text");
  CHECK_FALSE(std::filesystem::exists(own.path() / "0" / "1.1.times"));
}
