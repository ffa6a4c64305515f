#include <map>
#include <memory>
#include <random>

#include "broker/core/commit.h"
#include "broker/core/id_table.h"
#include "broker/core/name_table.h"
#include "shared/base/ids.h"
#include "tests/support/catch.h"

namespace seaworthy::broker {
namespace {

using Table = IdTable<JobId, std::shared_ptr<int>>;

std::map<uint64_t, int> all_of(const Table& table) {
  std::map<uint64_t, int> all;
  uint64_t last = 0;
  for (const auto& [id, value] : table) {
    CHECK((all.empty() || id.value > last));
    last = id.value;
    all[id.value] = *value;
  }
  CHECK(all.size() == table.size());
  return all;
}

}  // namespace

TEST_CASE("a table of ids holds what a map would, in the same order") {
  Table table;
  std::map<uint64_t, int> expected;
  std::mt19937 random(7);
  uint64_t last = 0;
  for (int i = 0; i < 3'000; ++i) {
    if (random() % 3 != 0) {
      last += 1 + random() % 20;
      table.add({last}) = std::make_shared<int>(i);
      expected[last] = i;
    } else if (!expected.empty()) {
      auto victim = expected.lower_bound(random() % last);
      if (victim == expected.end()) victim = expected.begin();
      table.erase({victim->first});
      CHECK_FALSE(table.contains({victim->first}));
      expected.erase(victim);
    }
    if (i % 100 == 0) CHECK(all_of(table) == expected);
  }
  CHECK(all_of(table) == expected);
  for (const auto& [id, value] : expected) CHECK(*table.at({id}) == value);
  CHECK(table.find({last + 1}) == nullptr);
  while (!expected.empty()) {
    table.erase({expected.begin()->first});
    expected.erase(expected.begin());
  }
  CHECK(table.size() == 0);
  CHECK(table.begin() == table.end());
}

TEST_CASE("what a table of ids holds is destroyed when it is erased, and with the table") {
  const auto value = std::make_shared<int>(1);
  {
    Table table;
    table.add({15}) = value;
    table.add({16}) = value;
    const std::shared_ptr<int>* stays = table.find({16});
    table.erase({15});
    table.erase({15});
    CHECK(value.use_count() == 2);
    CHECK(table.find({16}) == stays);
  }
  CHECK(value.use_count() == 1);
}

TEST_CASE("a name has a number as long as somebody uses it") {
  NameTable names;
  const std::string lint = "lint", test = "a name that is too long for a short string";
  const uint32_t first = names.enter(lint), second = names.enter(test);
  CHECK(first != second);
  CHECK(names.enter(lint) == first);
  CHECK(names.name(second) == test);
  names.leave(first);
  CHECK(names.name(first) == lint);
  names.leave(first);
  CHECK(names.enter("deploy") == first);  // its number is free again
  CHECK(names.name(first) == "deploy");
  CHECK(names.enter(lint) != first);
}

TEST_CASE("a revision is 40 or 64 hexadecimal digits, and comes back as it went in") {
  for (const std::string& text : {std::string(40, 'a'), std::string(64, '0'),
                                  std::string("0123456789abcdef0123456789abcdef01234567")}) {
    const std::optional<Revision> revision = Revision::parse(text);
    REQUIRE(revision);
    CHECK(revision->text() == text);
  }
  CHECK(Revision::parse(std::string(40, '0')) != Revision::parse(std::string(64, '0')));
  for (const std::string& text : {std::string(), std::string(39, 'a'), std::string(41, 'a'),
                                  std::string(40, 'A'), std::string(39, 'a') + "g"})
    CHECK_FALSE(Revision::parse(text));
}

}  // namespace seaworthy::broker
