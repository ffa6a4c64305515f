#include <filesystem>
#include <fstream>
#include <memory>

#include "broker/change_log.h"
#include "broker/filing.h"
#include "broker/journal/change_codec.h"
#include "broker/journal/reads.h"
#include "broker/journal/store_error.h"
#include "broker/store.h"
#include "tests/broker/stored_broker.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

constexpr const char* kFirst = "changes-0.log";

std::vector<std::string> texts_after(const Folder& folder, uint64_t filed) {
  std::vector<std::string> texts;
  for (const ChangeLog::Record& record : ChangeLog(folder.path()).after(filed)) {
    CHECK(record.number == filed + texts.size() + 1);
    texts.push_back(record.changes);
  }
  return texts;
}

ChangeLog begun(const Folder& folder, uint64_t filed = 0) {
  ChangeLog log(folder.path());
  log.begin_after(filed);
  return log;
}

// Where the text stands in the first of the two files.
std::streamoff place_of(const Folder& folder, const std::string& text) {
  const size_t at = content(folder.path() / kFirst).find(text);
  REQUIRE(at != std::string::npos);
  return static_cast<std::streamoff>(at);
}

void overwrite(const Folder& folder, std::streamoff at, const std::string& bytes) {
  std::fstream file(folder.path() / kFirst, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file << bytes;
}

wire::AttemptFinished a_report() {
  wire::AttemptFinished report;
  report.boot = boot(3);
  report.job = {7};
  report.attempt = {2};
  report.outcome = Outcome::TimedOut;
  report.detail = "detail";
  report.steps = {{"build", 1, 2, 3, 4}, {"test", -9, 6, 7, 8}};
  report.output_bytes = 5'000'000'000;
  report.output_sha256 = std::string(64, 'a');
  report.output_truncated = true;
  report.first_output = {1'700'000'000'123};
  report.tests.data = std::string("\0\xff packed", 9);
  return report;
}

// One of each kind.
std::vector<Change> all_kinds() {
  JobSpec specification = a_job("lint", {"build"});
  specification.runs_on = {"gpu"};
  const std::vector<ChangeBody> bodies{
      BuildSubmitted{{1},
                     2,
                     "/srv/a",
                     "refs/heads/main",
                     revision(1),
                     "subject",
                     "author",
                     true,
                     {{{3}, "lint", {{1}, {2}}, specification}},
                     "deploy",
                     true},
      RequestTaken{request(1), ~uint64_t{0}, {1}},
      AttemptAssigned{{3}, {1}, {1}, "amy", boot(1), {}},
      AttemptReattached{{3}, {1}, "amy", boot(1)},
      AttemptAdopted{{3}, {1}, "amy", boot(2)},
      AttemptReturned{{3}, {1}, "amy", "the worker stops"},
      AttemptLost{{3}, {1}, "amy", "silent", 2},
      AttemptEnded{{3}, {1}, {1}, "amy", a_report(), 1, Duration{0}},
      AttemptSuperseded{{3}, {1}, "amy", a_report()},
      CancelRequested{{3}, "by bob"},
      JobFinished{{3}, {1}, Verdict::Flaky, {2}, "note"},
      BuildFinished{{1}, Verdict::Failed},
      HeadAdvanced{"/srv/a", "refs/heads/main", ""},
      CursorSaved{"mail", {17}},
      RepositoryPaused{"/srv/a", false},
      OutputStored{{3}, {1}, 1, 2, 3},
      BuildRemoved{{1}, "/srv/a", "refs/tags/v1", revision(2), {request(2)}, {{{3}, {1}}}}};
  CHECK(bodies.size() == std::variant_size_v<ChangeBody>);
  std::vector<Change> changes;
  for (const ChangeBody& body : bodies)
    changes.push_back({{changes.size()}, {1'700'000'000'000}, body});
  return changes;
}

std::string encoded(const std::vector<Change>& changes) {
  std::string bytes;
  encode_changes(changes, bytes);
  return bytes;
}

std::vector<Change> submitted(int number) {
  Core core({Timing{}, 1'000'000}, {}, Instant{});
  const wire::Message message = a_submit(static_cast<uint8_t>(number), {number});
  return core.step({Instant{}, {5'000}}, MessageReceived{1, 1, &message, 0}).changes;
}

SharedChanges shared(std::vector<Change> changes) {
  return std::make_shared<const std::vector<Change>>(std::move(changes));
}

}  // namespace

TEST_CASE("what was appended to the log is there after a restart, but for what is filed") {
  Folder folder;
  {
    ChangeLog log = begun(folder);
    CHECK(log.append("one", 0) == 1);
    CHECK(log.append("", 0) == 2);
    CHECK(log.append("three", 1) == 3);
  }
  CHECK(texts_after(folder, 0) == std::vector<std::string>{"one", "", "three"});
  CHECK(texts_after(folder, 2) == std::vector<std::string>{"three"});
  CHECK(texts_after(folder, 3).empty());
}

TEST_CASE("a record that was being written when the power failed is none") {
  Folder folder;
  {
    ChangeLog log = begun(folder);
    log.append("whole", 0);
    log.append("torn apart", 0);
  }
  overwrite(folder, place_of(folder, "apart"), "?");
  CHECK(texts_after(folder, 0) == std::vector<std::string>{"whole"});

  begun(folder, 1).append("later", 1);
  CHECK(texts_after(folder, 1) == std::vector<std::string>{"later"});
}

TEST_CASE("records of the life before are not taken for those that follow a new one") {
  Folder folder;
  {
    ChangeLog log = begun(folder);
    for (int i = 1; i <= 5; ++i) log.append("old", 0);
  }
  begun(folder, 5).append("new", 5);  // as long as the one whose room it takes
  CHECK(texts_after(folder, 5) == std::vector<std::string>{"new"});
}

TEST_CASE("a damaged record among whole ones is not passed over") {
  Folder folder;
  {
    ChangeLog log = begun(folder);
    for (const char* text : {"first", "second", "third"}) log.append(text, 0);
  }
  overwrite(folder, place_of(folder, "second"), "S");
  CHECK_THROWS_AS(texts_after(folder, 0), StoreError);
  CHECK_THROWS_AS(texts_after(folder, 1), StoreError);
  CHECK(texts_after(folder, 3).empty());
  overwrite(folder, place_of(folder, "Second"), "second");
  CHECK(texts_after(folder, 0).size() == 3);
  overwrite(folder, place_of(folder, "first"), "F");
  CHECK_THROWS_AS(texts_after(folder, 0), StoreError);
}

TEST_CASE("the log's two files take turns, and no more room than that") {
  Folder folder;
  const std::string large(1'000'000, 'x');
  constexpr uint64_t kRecords = 50;
  {
    ChangeLog log = begun(folder);
    for (uint64_t i = 1; i <= kRecords; ++i) CHECK(log.append(large, i - 1) == i);
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path()))
    CHECK(file.file_size() <= 4'000'000);
  const std::vector<std::string> last = texts_after(folder, kRecords - 3);
  CHECK(last == std::vector<std::string>(3, large));
}

TEST_CASE("a log that does not go on from where the tables are is refused") {
  Folder folder;
  {
    ChangeLog log = begun(folder, 41);
    log.append("record 42", 41);
  }
  CHECK_THROWS_AS(texts_after(folder, 40), StoreError);
  CHECK(texts_after(folder, 41).size() == 1);
  CHECK(texts_after(folder, 60).empty());
}

TEST_CASE("changes of each kind are the same after they were bytes") {
  const std::vector<Change> changes = all_kinds();
  const std::string bytes = encoded(changes);
  const std::vector<Change> decoded = decode_changes(bytes);
  CHECK(decoded.size() == changes.size());
  CHECK(encoded(decoded) == bytes);
  const auto& ended = std::get<AttemptEnded>(decoded.at(7).body);
  CHECK(ended.build == BuildId{1});
  CHECK(ended.report.steps.at(1).exit_code == -9);
  CHECK(ended.report.output_bytes == 5'000'000'000);
  CHECK(decode_changes(bytes + bytes).size() == 2 * changes.size());
}

TEST_CASE("bytes that are no changes are refused, wherever they end") {
  const std::string bytes = encoded(all_kinds());
  for (size_t size = 1; size < bytes.size(); ++size)
    CHECK_THROWS_AS(decode_changes(std::string_view(bytes).substr(0, size)), StoreError);
}

TEST_CASE("what was durable in the log but not in the tables yet is there after a restart") {
  Folder folder;
  {
    Store store = open_store(folder.path());
    CHECK(store.log.append(encoded(submitted(1)), 0) == 1);
  }
  {
    Store store = open_store(folder.path());
    CHECK(store.tables.filed() == 1);
    CHECK(store.tables.recover().builds.size() == 1);
    CHECK(store.log.append(encoded({{{}, {1}, CursorSaved{"mail", {1}}}}), 1) == 2);
  }
  Store store = open_store(folder.path());
  CHECK(store.tables.filed() == 2);
  CHECK(store.tables.recover().cursors.count("mail") == 1);
}

TEST_CASE("who waits for a record finds it in the tables") {
  Folder folder;
  Filing filing(Tables(database_in(folder.path())), [](std::exception_ptr) { FAIL(); });
  CHECK(filing.progress().filed == 0);
  filing.wait_for(0);
  filing.submit(3, {shared(submitted(1))}, 100);
  filing.wait_for(3);
  CHECK(filing.progress().filed == 3);
  CHECK(filing.progress().durable == 0);
  CHECK(Reads(database_in(folder.path())).show_build({{1}, {}, false}).has_value());
}

TEST_CASE("what was submitted for filing is filed at the end, more than may wait at once too") {
  Folder folder;
  {
    Filing filing(Tables(database_in(folder.path())), [](std::exception_ptr) { FAIL(); });
    for (uint64_t i = 1; i <= 20; ++i)
      filing.submit(i, {shared({{{}, {1}, CursorSaved{std::to_string(i), {i}}}})}, 1'000'000);
  }
  Tables tables(database_in(folder.path()));
  CHECK(tables.filed() == 20);
  CHECK(tables.recover().cursors.size() == 20);
}

TEST_CASE("the log has all that a power failure could take from the tables") {
  Folder folder;
  Store store = open_store(folder.path());
  ChangeLog log = std::move(store.log);
  Filing filing(std::move(store.tables), [](std::exception_ptr) { FAIL(); });
  const std::string large(700'000, 'x');
  for (uint64_t i = 1; i <= 40; ++i) {
    const std::vector<Change> changes{{{}, {1}, CursorSaved{large + std::to_string(i), {i}}}};
    const uint64_t durable = filing.progress().durable;
    log.append(encoded(changes), durable);
    filing.submit(i, {shared(changes)}, large.size());
    CHECK(texts_after(folder, durable).size() == i - durable);
  }
  filing.wait_for(40);
  CHECK(filing.progress().durable > 30);
}

TEST_CASE("tables that refuse a change end the filing, and nobody waits for ever") {
  Folder folder;
  std::exception_ptr why;
  {
    Filing filing(Tables(database_in(folder.path())), [&](std::exception_ptr e) { why = e; });
    filing.submit(1, {shared(submitted(1)), shared(submitted(1))}, 100);
    CHECK_THROWS_AS(filing.wait_for(1), StoreError);
    CHECK_THROWS_AS(filing.submit(2, {}, 1), StoreError);
    CHECK(filing.progress().filed == 0);
  }
  CHECK_THROWS_AS(std::rethrow_exception(why), StoreError);
}
