#include <map>
#include <memory>
#include <random>
#include <set>

#include "broker/core/commit.h"
#include "broker/core/id_table.h"
#include "broker/core/name_table.h"
#include "broker/core/sorted_pages.h"
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

TEST_CASE("sorted pages hold what a set would, in the same order") {
  SortedPages<uint64_t> pages;
  std::set<uint64_t> expected;
  std::mt19937 random(11);
  for (uint64_t i = 0; i < 20'000; ++i) {
    // It grows at the front, in the middle and at the end, and is emptied in between.
    const bool grows = i / 5'000 % 2 == 0;
    const uint64_t value = i % 3 == 0   ? 1'000'000 - i
                           : i % 3 == 1 ? random() % 9'000
                                        : 2'000'000 + i;
    if (grows || random() % 4 == 0) {
      CHECK(pages.insert(value) == expected.insert(value).second);
    } else if (!expected.empty()) {
      auto victim = expected.lower_bound(random() % 3'000'000);
      if (victim == expected.end()) victim = expected.begin();
      CHECK(pages.erase(*victim));
      expected.erase(victim);
    }
    const uint64_t any = random() % 3'000'000;
    auto same = [&](auto ours, auto theirs) {
      return ours == pages.end() ? theirs == expected.end()
                                 : theirs != expected.end() && *ours == *theirs;
    };
    CHECK(same(pages.lower_bound(any), expected.lower_bound(any)));
    CHECK(same(pages.upper_bound(value), expected.upper_bound(value)));
    CHECK_FALSE((expected.contains(any) ? pages.insert(any) : pages.erase(any)));
    if (i % 500 != 0) continue;
    CHECK(std::equal(pages.begin(), pages.end(), expected.begin(), expected.end()));
    std::vector<uint64_t> backwards;
    for (auto at = pages.end(); at != pages.begin();) backwards.push_back(*--at);
    CHECK(std::equal(backwards.begin(), backwards.end(), expected.rbegin(), expected.rend()));
  }
  while (!expected.empty()) {
    CHECK(pages.erase(*expected.begin()));
    expected.erase(expected.begin());
  }
  CHECK(pages.empty());
  CHECK(pages.begin() == pages.end());
  CHECK(pages.lower_bound(1) == pages.end());
}

TEST_CASE("a revision is 40 or 64 digits, and what no hash is, is none") {
  const std::string shorter = std::string(39, 'a') + "1",
                    longer = shorter + std::string(23, 'f') + "e";
  CHECK(Revision::parse(shorter)->text() == shorter);
  CHECK(Revision::parse(longer)->text() == longer);
  CHECK_FALSE(*Revision::parse(shorter) == *Revision::parse(longer));
  CHECK_FALSE(Revision::parse(shorter + std::string(24, 'f')));
  CHECK_FALSE(Revision::parse(shorter + "1"));
  CHECK_FALSE(Revision::parse(std::string(40, 'A')));
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
