#include "watcher/core/plan.h"

#include "tests/support/catch.h"

using namespace seaworthy::watcher;
using Kind = RefWork::Kind;
using Work = std::vector<RefWork>;
using Names = std::vector<std::string>;

TEST_CASE("at first sight of a repository the tip of each ref is submitted") {
  CHECK(plan({{"a", "1"}, {"b", "2"}}, {}, {}) ==
        Work{{Kind::FirstSight, "a", "1"}, {Kind::FirstSight, "b", "2"}});
  CHECK(choose({Kind::FirstSight, "a", "1"}, {}, false) == Names{"1"});
  CHECK(known_revisions({Kind::FirstSight, "a", "1"}, {}).empty());
}

TEST_CASE("a ref that did not move asks for nothing") {
  CHECK(plan({{"a", "1"}}, {{"a", "1"}}, {"a"}).empty());
  CHECK(plan({}, {}, {}).empty());
}

TEST_CASE("a ref that moved asks for every commit since the last one submitted") {
  RefWork moved{Kind::Moved, "a", "3"};
  CHECK(plan({{"a", "3"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}}, {"a", "b"}) == Work{moved});
  CHECK(known_revisions(moved, {{"a", "1"}, {"b", "2"}}) == Names{"1"});
  CHECK(choose(moved, {"3", "2"}, false) == Names{"3", "2"});
}

TEST_CASE("of refs that were heard of only those that moved from where they were submitted count") {
  const Heads submitted{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  CHECK(plan_of_moved({{"a", "4"}, {"b", "2"}, {"new", "5"}}, submitted) ==
        Work{{Kind::Moved, "a", "4"}});
  CHECK(plan_of_moved({{"a", "1"}}, {}).empty());
}

TEST_CASE("a new ref asks for the commits that no submitted head has") {
  RefWork fresh{Kind::NewRef, "b", "3"};
  Heads submitted{{"a", "1"}, {"c", "2"}, {"d", "1"}};
  CHECK(plan({{"a", "1"}, {"b", "3"}}, submitted, {"a"}) == Work{fresh});
  CHECK(known_revisions(fresh, submitted) == Names{"1", "2"});
}

TEST_CASE("the tip is submitted even if no commit of the ref is new") {
  CHECK(choose({Kind::NewRef, "b", "3"}, {}, false) == Names{"3"});
  CHECK(choose({Kind::Moved, "b", "3"}, {}, false) == Names{"3"});
}

TEST_CASE("a ref that is gone is forgotten before others are looked at") {
  CHECK(plan({{"a", "1"}}, {{"z", "1"}}, {"z"}) ==
        Work{{Kind::Gone, "z", ""}, {Kind::NewRef, "a", "1"}});
  CHECK(choose({Kind::Gone, "z", ""}, {}, false).empty());
  CHECK(known_revisions({Kind::Gone, "z", ""}, {{"z", "1"}}).empty());
}

TEST_CASE("refs that this watcher does not look at are nobody's loss") {
  CHECK(plan({}, {{"refs/tags/v1", "1"}}, {}).empty());
}

TEST_CASE("with newest-only a push is its tip") {
  CHECK(choose({Kind::Moved, "a", "3"}, {"3", "2"}, true) == Names{"3"});
  CHECK(choose({Kind::Gone, "a", ""}, {}, true).empty());
}
