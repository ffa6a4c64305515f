#include "worker/spool.h"

#include "tests/shared/git_fixture.h"
#include "tests/support/folder.h"
#include "worker/output.h"

namespace seaworthy::worker {
namespace {

namespace fs = std::filesystem;

wire::Assign assign(uint64_t job, uint32_t attempt) {
  wire::Assign assign;
  assign.job = JobId{job};
  assign.attempt = AttemptNumber{attempt};
  assign.repository = "/some/where";
  assign.specification.name = "test";
  assign.specification.steps = {{"a step", "true", {{"A", "b"}}}};
  return assign;
}

wire::AttemptFinished outcome_of(const wire::Assign& assign, uint64_t output_bytes) {
  wire::AttemptFinished outcome;
  outcome.job = assign.job;
  outcome.attempt = assign.attempt;
  outcome.outcome = Outcome::Failed;
  outcome.detail = "step 1 exited with 1";
  outcome.output_bytes = output_bytes;
  return outcome;
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

}  // namespace

TEST_CASE("the spool gives back the assignment it was given") {
  test::TemporaryDirectory directory;
  Spool spool(directory.path() / "spool");
  auto entry = spool.create(assign(7, 2));
  REQUIRE(entry);
  CHECK(entry->directory().filename() == "7.2");
  auto read = entry->assignment();
  REQUIRE(read);
  CHECK(read->job == JobId{7});
  CHECK(read->specification == assign(7, 2).specification);
}

TEST_CASE("an attempt has no outcome before it has ended") {
  test::TemporaryDirectory directory;
  auto entry = Spool(directory.path() / "spool").create(assign(7, 2));
  REQUIRE(entry);
  auto outcome = entry->outcome();
  REQUIRE(outcome);
  CHECK_FALSE(*outcome);
}

TEST_CASE("outcomes survive the worker's process, unfinished attempts do not") {
  test::TemporaryDirectory directory;
  Spool spool(directory.path() / "spool");
  auto ended = spool.create(assign(7, 1)), running = spool.create(assign(8, 1));
  REQUIRE((ended && running));
  write(ended->output_file(), "12345");
  REQUIRE(ended->write_outcome(outcome_of(assign(7, 1), 5)));

  auto recovered = Spool(directory.path() / "spool").recover();
  REQUIRE(recovered.size() == 1);
  CHECK(recovered[0].job == JobId{7});
  CHECK(recovered[0].outcome == Outcome::Failed);
  CHECK(recovered[0].detail == "step 1 exited with 1");
  CHECK_FALSE(fs::exists(running->directory()));
  CHECK(*ended->read_output(1, 3) == "234");
}

TEST_CASE("an outcome whose output is not whole, or that cannot be read, is not reported") {
  test::TemporaryDirectory directory;
  Spool spool(directory.path() / "spool");
  auto shorter = spool.create(assign(7, 1)), garbled = spool.create(assign(8, 1));
  REQUIRE((shorter && garbled));
  REQUIRE(shorter->write_outcome(outcome_of(assign(7, 1), 5)));
  write(garbled->directory() / "outcome", "this is no outcome, but it is long enough for a header");
  CHECK(spool.recover().empty());
  CHECK_FALSE(fs::exists(shorter->directory()));
  CHECK_FALSE(fs::exists(garbled->directory()));
}

TEST_CASE("a spool that does not exist yet holds nothing") {
  test::TemporaryDirectory directory;
  CHECK(Spool(directory.path() / "nowhere").recover().empty());
}

TEST_CASE("reading more output than there is says so") {
  test::TemporaryDirectory directory;
  auto entry = Spool(directory.path() / "spool").create(assign(7, 1));
  REQUIRE(entry);
  write(entry->output_file(), "12345");
  CHECK_FALSE(entry->read_output(3, 3));
}

TEST_CASE("a spool that cannot be written says where and why") {
  test::TemporaryDirectory directory;
  write(directory.path() / "file", "not a directory");
  auto entry = Spool(directory.path() / "file").create(assign(7, 1));
  REQUIRE_FALSE(entry);
  CHECK(entry.error().find("file/7.1") != std::string::npos);
}

// ---- the output in it

namespace {

constexpr uint64_t kCap = 1000;

}  // namespace

TEST_CASE("output below the limit is kept whole and known by its hash") {
  test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "output";
  OutputLog log(file, kCap);
  log.append("abc");
  CHECK(log.size_bytes() == 3);
  CHECK(content(file) == "abc");  // at once, so that it can be sent
  auto whole = log.finish();
  CHECK(whole.bytes == 3);
  CHECK(whole.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_FALSE(whole.truncated);
  CHECK(sha256_of_file(file) == whole.sha256);
}

TEST_CASE("output between half of the limit and the limit is kept whole") {
  test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "output";
  std::string all;
  OutputLog log(file, kCap);
  for (int i = 0; all.size() < kCap - 150; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    log.append(line);
    all += line;
  }
  auto whole = log.finish();
  CHECK_FALSE(whole.truncated);
  CHECK(content(file) == all);
  CHECK(whole.bytes == all.size());
}

TEST_CASE(
    "of output beyond the limit the beginning and the end are kept, and a line says how much "
    "is missing") {
  const size_t chunk = GENERATE(size_t{1}, size_t{7}, size_t{100}, size_t{5'000});
  test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "output";
  std::string all;
  for (int i = 0; all.size() < 20 * kCap; ++i) all += std::to_string(i) + "\n";
  OutputLog log(file, kCap);
  for (size_t at = 0; at < all.size(); at += chunk)
    log.append(std::string_view(all).substr(at, chunk));
  auto whole = log.finish();
  const std::string kept = content(file);
  CHECK(whole.truncated);
  CHECK(whole.bytes == kept.size());
  CHECK(whole.sha256 == sha256_of_file(file));
  CHECK(kept.size() <= kCap);
  CHECK(kept.size() > kCap * 3 / 4);
  CHECK(kept.substr(0, kCap / 2) == all.substr(0, kCap / 2));
  const size_t marker = kept.find("\n==> ");
  const size_t end_of_marker = kept.find(" bytes of output were left out here\n", marker);
  REQUIRE(end_of_marker != std::string::npos);
  const std::string tail = kept.substr(kept.find('\n', end_of_marker) + 1);
  CHECK(all.ends_with(tail));
  const uint64_t missing = std::stoull(kept.substr(marker + 5));
  CHECK(missing == all.size() - kCap / 2 - tail.size());
}

TEST_CASE("our own lines start at the beginning of a line") {
  test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "output";
  OutputLog log(file, kCap);
  log.append_line("first");
  log.append("no newline");
  log.append_line("second");
  log.append("newline\n");
  log.append_line("third");
  log.finish();
  CHECK(content(file) == "first\nno newline\nsecond\nnewline\nthird\n");
}

TEST_CASE("output that cannot be written is a problem with a name, not a failure") {
  OutputLog log("/nonexistent/output", kCap);
  log.append("abc");
  CHECK(log.problem().find("/nonexistent/output") != std::string::npos);
  CHECK(log.finish().bytes == 0);
}

}  // namespace seaworthy::worker
