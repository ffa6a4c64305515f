#include "worker/spool.h"

#include <map>

#include "shared/model/limits.h"
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

// Of an attempt that wrote "12345".
wire::AttemptFinished outcome_of(const wire::Assign& assign) {
  wire::AttemptFinished outcome;
  outcome.job = assign.job;
  outcome.attempt = assign.attempt;
  outcome.outcome = Outcome::Failed;
  outcome.detail = "step 1 exited with 1";
  outcome.output_bytes = 5;
  outcome.output_sha256 = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5";
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
  REQUIRE(ended->write_outcome(outcome_of(assign(7, 1))));
  CHECK(ended->make_durable());

  auto recovered = Spool(directory.path() / "spool").recover();
  REQUIRE(recovered.size() == 1);
  CHECK(recovered[0].job == JobId{7});
  CHECK(recovered[0].outcome == Outcome::Failed);
  CHECK(recovered[0].detail == "step 1 exited with 1");
  CHECK_FALSE(fs::exists(running->directory()));
  CHECK(*ended->read_output(1, 3) == "234");
}

TEST_CASE("times that were not written to their end are not told after a restart") {
  test::TemporaryDirectory directory;
  Spool spool(directory.path() / "spool");
  auto whole = spool.create(assign(7, 1)), torn = spool.create(assign(8, 1));
  REQUIRE((whole && torn));
  for (auto* entry : {&*whole, &*torn}) {
    write(entry->output_file(), "12345");
    io::TimesFile(entry->times_file()).write(0, 5, {{0, 10}, {3, 500}});
  }
  fs::resize_file(torn->times_file(), 24);
  REQUIRE(whole->write_outcome(outcome_of(assign(7, 1))));
  REQUIRE(torn->write_outcome(outcome_of(assign(8, 1))));
  CHECK(spool.recover().size() == 2);
  CHECK(io::read_times(whole->times_file(), 0, 5).times.size() == 2);
  CHECK_FALSE(fs::exists(torn->times_file()));
}

TEST_CASE("an outcome whose output is not whole, or that cannot be read, is not reported") {
  test::TemporaryDirectory directory;
  Spool spool(directory.path() / "spool");
  auto shorter = spool.create(assign(7, 1)), garbled = spool.create(assign(8, 1));
  auto other = spool.create(assign(9, 1));
  REQUIRE((shorter && garbled && other));
  write(other->output_file(), std::string(5, '\0'));  // a machine died before it was on the disk
  REQUIRE(other->write_outcome(outcome_of(assign(9, 1))));
  REQUIRE(shorter->write_outcome(outcome_of(assign(7, 1))));
  write(garbled->directory() / "outcome", "this is no outcome, but it is long enough for a header");
  CHECK(spool.recover().empty());
  CHECK_FALSE(fs::exists(shorter->directory()));
  CHECK_FALSE(fs::exists(garbled->directory()));
  CHECK_FALSE(fs::exists(other->directory()));
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

// ---- when it was written

namespace {

// An output of which every time is known to the test.
struct Timed {
  explicit Timed(uint64_t cap = kCap) : log(directory.path() / "output", cap) {
    log.keep_times(times, [this] { return now_ms; });
  }
  void append_at(uint64_t ms, std::string_view bytes) {
    now_ms = ms;
    log.append(bytes);
  }
  OutputTimes known(uint64_t to) const { return io::read_times(times, 0, to).times; }

  test::TemporaryDirectory directory;
  fs::path times = directory.path() / "times";
  uint64_t now_ms = 0;
  OutputLog log;
};

}  // namespace

TEST_CASE("output has the times at which it came, each a moment after the one before") {
  Timed timed;
  timed.append_at(3, "one\n");
  timed.append_at(60, "two\n");  // at once, as people see it
  timed.append_at(103, "three\n");
  timed.append_at(5'000, "four\n");
  const OutputTimes expected{{0, 3}, {8, 103}, {14, 5'000}};
  CHECK(timed.known(19) == expected);  // while it grows
  const auto whole = timed.log.finish();
  CHECK(timed.known(19) == expected);
  CHECK(io::end_of_times(timed.times) == whole.bytes);
}

TEST_CASE("a day of output without a pause has fewer times than may be kept") {
  Timed timed(4'000'000);
  for (uint64_t ms = 0; ms < 24ull * 3'600'000; ms += 50) timed.append_at(ms, "x");
  timed.log.finish();
  const uint64_t records = fs::file_size(timed.times) / 12;
  CHECK(records > 30'000);
  CHECK(records < limits::kOutputTimes);
}

TEST_CASE("of output that was cut the end has its own times, and the line between has none") {
  const bool is_cut = GENERATE(true, false);
  CAPTURE(is_cut);
  Timed timed;
  uint64_t ms = 0;
  std::map<std::string, uint64_t> when;
  for (int i = 0; i < (is_cut ? 300 : 40); ++i) {
    const std::string line = "line " + std::to_string(i) + " of them";
    timed.append_at(ms += 200, line + "\n");
    when[line] = ms;
  }
  const auto whole = timed.log.finish();
  CHECK(whole.truncated == is_cut);
  const OutputTimes known = timed.known(whole.bytes);
  const std::string text = content(timed.directory.path() / "output");
  size_t checked = 0;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    CAPTURE(line);
    if (const auto found = when.find(line); found != when.end()) {
      CHECK(time_at(known, at) == found->second);
      ++checked;
    }
    if (line.starts_with("==> ")) CHECK(time_at(known, at) == std::nullopt);
  }
  CHECK(checked >= 40);
  CHECK(io::end_of_times(timed.times) == whole.bytes);
}

TEST_CASE("nothing is said of output that is written after a month") {
  Timed timed;
  timed.append_at(5, "a\n");
  timed.append_at(limits::kOutputTimeMs + 1, "b\n");
  timed.append_at(limits::kOutputTimeMs + 1'000, "c\n");
  timed.log.finish();
  CHECK(timed.known(6) == OutputTimes{{0, 5}, {2, std::nullopt}});
}

}  // namespace seaworthy::worker
