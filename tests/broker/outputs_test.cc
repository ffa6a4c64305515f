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
      CHECK(reader.read(attempt, offset, text.size(), 100'000) ==
            text.substr(offset, 100'000));
    CHECK(reader.read(attempt, text.size() - 5, text.size(), 100) ==
          text.substr(text.size() - 5));
    CHECK(reader.read(attempt, text.size(), text.size(), 100).empty());
  };
  check_ranges();
  compress_output(folder, attempt, text.size());
  CHECK_FALSE(std::filesystem::exists(folder / "4" / "4711.2.log"));
  check_ranges();
  compress_output(folder, attempt, text.size());
  check_ranges();
}

TEST_CASE("bytes beyond what the store acknowledges are not shown") {
  const Folder own;
  const AttemptKey attempt{JobId{1}, AttemptNumber{1}};
  OutputWriter writer(own.path());
  writer.write(attempt, 0, "acknowledged, and not");
  CHECK(OutputReader(own.path()).read(attempt, 0, 12, 100) == "acknowledged");
}
