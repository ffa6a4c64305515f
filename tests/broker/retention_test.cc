#include "broker/journal/retention.h"

#include "broker/journal/reads.h"
#include "shared/model/limits.h"
#include "tests/broker/stored_broker.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

constexpr int64_t kDay = 24 * 3600 * 1000;

// Builds 1, 2, 3, … of one repository, cancelled a day after each other, and one that runs.
struct History {
  explicit History(int builds) : broker(store_in(folder)) {
    for (int number = 1; number <= builds; ++number) {
      broker.wall = {number * kDay};
      wire::Submit submit = a_submit(static_cast<uint8_t>(number), {number});
      broker.say(9, submit);
      broker.say(9, wire::Cancel{{static_cast<uint64_t>(number)}, {}, ""});
    }
    broker.say(9, a_submit(100, {100}));
    now = {builds * kDay + limits::kKeptAtLeast.count() + 1};
  }
  std::vector<uint64_t> expired(const Keep& keep) {
    std::vector<uint64_t> ids;
    for (const BuildRemoved& one : Retention(store_in(folder), keep).expired(now))
      ids.push_back(one.build.value);
    return ids;
  }
  void remove(const Keep& keep) {
    broker.tell(BuildsExpired{Retention(store_in(folder), keep).expired(now)});
  }

  Folder folder;
  StoredBroker broker;
  UnixMillis now;
};

using Ids = std::vector<uint64_t>;

}  // namespace

TEST_CASE("without a rule every build is kept") {
  History history(3);
  CHECK(history.expired({}).empty());
}

TEST_CASE("the newest builds of a repository are kept") {
  History history(4);
  CHECK(history.expired({2, std::nullopt, std::nullopt}) == Ids{1, 2});
}

TEST_CASE("builds are kept for so many days") {
  History history(4);
  CHECK(history.expired({std::nullopt, Duration{2 * kDay}, std::nullopt}) == Ids{1, 2});
}

TEST_CASE("output is kept up to so many bytes, and the oldest builds go first") {
  History history(3);
  Database store(store_in(history.folder), OpenMode::ReadWrite);
  for (const char* job : {"1", "2", "3"})
    store.execute(("INSERT INTO attempt (job, number, worker, boot, assigned_ms, output_bytes) "
                   "VALUES (" +
                   std::string(job) + ", 1, 'amy', x'', 1, 1000)")
                      .c_str());
  CHECK(history.expired({std::nullopt, std::nullopt, 3000}).empty());
  CHECK(history.expired({std::nullopt, std::nullopt, 2999}) == Ids{1});
  CHECK(history.expired({std::nullopt, std::nullopt, 0}) == Ids{1, 2, 3});
}

TEST_CASE("a build that has just finished is kept, whatever the rule") {
  History history(2);
  history.now = {2 * kDay + 1000};
  CHECK(history.expired({0, std::nullopt, std::nullopt}) == Ids{1});
}

TEST_CASE("a removed build leaves nothing behind, and its number is never given again") {
  History history(2);
  history.remove({0, std::nullopt, std::nullopt});
  Reads reads(store_in(history.folder));
  CHECK_FALSE(reads.show_build({{1}, {}, false}));
  CHECK(reads.was_removed({{1}, {}, false}));
  CHECK_FALSE(reads.was_removed({{77}, {}, false}));
  CHECK(history.expired({0, std::nullopt, std::nullopt}).empty());

  history.broker.say(9, wire::Cancel{{3}, {}, ""});
  history.now = {history.now.value + kDay};
  history.remove({0, std::nullopt, std::nullopt});
  StoredBroker restarted(store_in(history.folder));
  CHECK(restarted.core().ledger().last_build() == BuildId{3});
  CHECK(restarted.core().ledger().last_job() == JobId{3});
  auto anew = std::get<wire::SubmitOk>(restarted.say(9, a_submit(1, {1})).at(0).message);
  CHECK(anew.builds[0].build == BuildId{4});
  CHECK_FALSE(anew.builds[0].duplicate);
}
