// What fsck says, and how it fares with stores that are odd, hostile or in use.
#include <sys/stat.h>

#include <set>
#include <thread>

#include "tests/broker/fsck_fixture.h"

using namespace seaworthy;
using namespace seaworthy::broker;

TEST_CASE("numbers may be missing where builds were removed, and the rest is checked as before") {
  Store store;
  const std::string removal =
      "DELETE FROM event WHERE build = 3; DELETE FROM attempt WHERE job = 5;"
      "DELETE FROM job WHERE build = 3; DELETE FROM build WHERE id = 3;";
  store.execute(removal);
  fs::remove(store.file("0/5.1.log"));
  CHECK(store.found() == std::set<std::string>{"numbers", "event-numbers", "requests"});
  store.execute("UPDATE meta SET value = 1 WHERE key = 'removed_builds'");
  CHECK(store.found().empty());
  store.execute("UPDATE request SET first_build = 4711 WHERE first_build = 4");
  CHECK(store.found() == std::set<std::string>{"requests"});
}

TEST_CASE("a finding says which promise is broken, what is wrong, where, and what to do") {
  Store store;
  store.execute(
      "UPDATE attempt SET outcome = 2 WHERE job = 5;"
      "UPDATE event SET detail = 'failed' WHERE job = 5 AND kind = 7");
  auto report = store.look();
  REQUIRE(report);
  const std::string text = fsck::as_text(*report);
  INFO(text);
  for (const char* part :
       {"build 3, job 5, attempt 1: it is passed, and the outcome of this attempt is failed",
        "S5, a verdict is what was reported", "seaworthy retry BUILD", "[verdict-reported]",
        "found 1 thing that must not be"})
    CHECK(text.find(part) != std::string::npos);
  const std::string json = fsck::as_json(*report, {"/s/seaworthy.db", "/s/output"});
  INFO(json);
  for (const char* part : {"\"check\": \"verdict-reported\"", "\"promise\": \"S5\"", "\"build\": 3",
                           "\"job\": 5", "\"attempt\": 1", "\"count\": 1"})
    CHECK(json.find(part) != std::string::npos);
}

TEST_CASE("a store of an older version is checked as it is") {
  const Folder folder;
  const std::string sql = bytes_of(fs::path(SEAWORTHY_TEST_DATA) / "store_v2.sql");
  Database(folder.path() / "seaworthy.db", OpenMode::ReadWrite).execute(sql.c_str());
  auto report = fsck::look_at_store(*fsck::find_store(folder.path(), {}));
  REQUIRE(report);
  INFO(fsck::as_text(*report));
  CHECK(report->not_looked.empty());
  CHECK(report->count() == 0);
  CHECK(report->checked.builds == 6);
}

TEST_CASE("files of no attempt are a note, and nothing is wrong") {
  const Store store;
  for (const char* name : {"0/4711.1.log", "0/1.2.log", "0/2.1.log.zst.part", "7/1.1.log"}) {
    fs::create_directories(store.file(name).parent_path());
    overwrite(store.file(name), "left");
  }
  CHECK(store.found().empty());
  auto report = store.look();
  REQUIRE(report->notes.size() == 1);
  INFO(report->notes[0]);
  CHECK(report->notes[0].find("4 files") != std::string::npos);
  CHECK(report->notes[0].find("0/1.2.log") != std::string::npos);
}

TEST_CASE("a clock that was set back is a note, and nothing is wrong") {
  Store store;
  store.execute("UPDATE event SET at_ms = 1 WHERE sequence = 7");
  CHECK(store.found().empty());
  CHECK(store.look()->notes.size() == 1);
}

TEST_CASE("a store that cannot be looked at is told from one that is wrong") {
  const Folder folder;
  CHECK_FALSE(fsck::find_store(folder.path(), {}));
  overwrite(folder.path() / "seaworthy.db", std::string(10'000, 'x'));
  auto place = fsck::find_store(folder.path(), {});
  REQUIRE(place);
  CHECK_FALSE(fsck::look_at_store(*place));
  fs::remove(folder.path() / "seaworthy.db");
  Database(folder.path() / "seaworthy.db", OpenMode::ReadWrite).execute("CREATE TABLE t (x)");
  CHECK_FALSE(fsck::look_at_store(*place));
  Store store;
  store.execute("PRAGMA user_version = 99");
  auto newer = store.look();
  REQUIRE_FALSE(newer);
  CHECK(newer.error().find("run a newer seaworthy-fsck") != std::string::npos);
}

TEST_CASE("the store is found in the directory of `seaworthy up`, and output where it is said") {
  const Folder folder;
  fs::create_directory(folder.path() / "broker");
  live(folder.path() / "broker");
  auto place = fsck::find_store(folder.path(), {});
  REQUIRE(place);
  CHECK(place->output == folder.path() / "broker" / "output");
  fs::rename(place->output, folder.path() / "elsewhere");
  place = fsck::find_store(folder.path(), folder.path() / "elsewhere");
  auto report = fsck::look_at_store(*place);
  REQUIRE(report);
  CHECK(report->count() == 0);
  CHECK(report->checked.output_bytes > 3'000'000);
}

TEST_CASE("whatever stands in a store and beside it, fsck tells and ends") {
  Store store;
  store.execute(
      "UPDATE build SET state = -7, verdict = 99, revision = 'x' || char(27) || '[2J' WHERE id < 4;"
      "UPDATE job SET state = 9223372036854775807, verdict = -1, attempt = 9223372036854775807,"
      " needs = '[[[\"a\", {}', losses = -9223372036854775808 WHERE id < 6;"
      "UPDATE attempt SET outcome = 4711, output_bytes = 9223372036854775807, steps = "
      "x'dfffffffff',"
      " worker = x'' || char(10) || 'checked 0 builds', output_sha256 = 'no digest' WHERE job < 6;"
      "UPDATE event SET kind = 200, build = -1 WHERE sequence % 3 = 0;"
      "UPDATE specification SET body = zeroblob(3000000)");
  const fs::path pipe = store.file("0/10.1.log");
  fs::remove(pipe);
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  auto report = store.look();
  REQUIRE(report);
  CHECK(report->count() > 20);
  const std::string text = fsck::as_text(*report);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\nchecked 0 builds") == std::string::npos);
  CHECK(text.find("it is no regular file") != std::string::npos);
  CHECK_FALSE(fsck::as_json(*report, {}).empty());
}

TEST_CASE("a database file with damaged pages is a finding, not a crash") {
  const Store whole;
  const std::string sound = bytes_of(whole.path() / "seaworthy.db");
  for (size_t page = 1; page < sound.size() / 4096; page += 3) {
    const Store store;
    std::string bytes = sound;
    for (size_t at = page * 4096; at < (page + 1) * 4096; at += 3)
      bytes[at] = static_cast<char>(at * 31);
    overwrite(store.path() / "seaworthy.db", bytes);
    auto report = store.look();
    INFO("page " << page + 1);
    CHECK((!report || report->count() > 0 || !report->not_looked.empty()));
  }
}

TEST_CASE("a compressed file of more than was acknowledged, or of odd parts, is damage") {
  const Store store;
  const std::string packed = bytes_of(store.file("0/2.1.log.zst"));
  const std::string empty_frame("\x50\x2a\x4d\x18\0\0\0\0", 8);  // zstd skips it
  for (const std::string& bytes : {packed + packed, packed + empty_frame, empty_frame + packed,
                                   packed.substr(0, 5), std::string(100, 'x')}) {
    overwrite(store.file("0/2.1.log.zst"), bytes);
    CHECK(store.found() == std::set<std::string>{"output-damaged"});
  }
}

TEST_CASE("output that is compressed while fsck looks is nothing to report") {
  const Store store;
  const std::string text = long_output();
  for (int i = 0; i < 10; ++i) {
    overwrite(store.file("0/2.1.log"), text);
    fs::remove(store.file("0/2.1.log.zst"));
    std::thread broker([&] {
      compress_output(store.path() / "output", {JobId{2}, AttemptNumber{1}}, text.size());
    });
    const std::set<std::string> found = store.found();
    broker.join();
    CHECK(found.empty());
  }
}

TEST_CASE("builds that are removed while fsck looks are nothing to report") {
  Store store;
  const std::vector<std::pair<std::string, std::vector<const char*>>> removals{
      {"1", {"0/1.1.log", "0/2.1.log.zst"}},
      {"2", {"0/3.1.log.zst"}},
      {"3", {"0/5.1.log"}},
      {"5", {"0/7.1.log"}}};
  std::thread broker([&] {
    for (const auto& [build, files] : removals) {
      store.execute(
          "BEGIN; UPDATE meta SET value = value + 1 WHERE key = 'removed_builds';"
          "DELETE FROM event WHERE build = " +
          build + "; DELETE FROM test_report WHERE job IN (SELECT id FROM job WHERE build = " +
          build + "); DELETE FROM attempt WHERE job IN (SELECT id FROM job WHERE build = " + build +
          "); DELETE FROM job WHERE build = " + build + "; DELETE FROM build WHERE id = " + build +
          "; COMMIT");
      for (const char* file : files) fs::remove(store.file(file));
    }
  });
  std::vector<std::set<std::string>> found;
  for (int i = 0; i < 5; ++i) found.push_back(store.found());
  broker.join();
  CHECK(found == std::vector<std::set<std::string>>(5));
}
