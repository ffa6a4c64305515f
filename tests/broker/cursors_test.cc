#include "shared/model/limits.h"
#include "tests/broker/broker_fixture.h"

using namespace seaworthy;
using namespace seaworthy::broker;

TEST_CASE("a cursor is what was saved last under its name, and none before that") {
  Harness broker;
  broker.submit(a_submit(1, {1, 2, 3}));
  broker.say(Harness::kClient, wire::FetchCursor{"news/mail"});
  CHECK_FALSE(broker.last<wire::Cursor>(Harness::kClient).sequence);
  for (uint64_t sequence : {1u, 3u, 2u}) {
    broker.say(Harness::kClient, wire::SaveCursor{"news/mail", {sequence}});
    broker.say(Harness::kClient, wire::FetchCursor{"news/mail"});
    CHECK(broker.last<wire::Cursor>(Harness::kClient).sequence == EventSequence{sequence});
  }
  CHECK(broker.count<wire::Ok>(Harness::kClient) == 3);
  broker.say(Harness::kClient, wire::FetchCursor{"news/chat"});
  CHECK_FALSE(broker.last<wire::Cursor>(Harness::kClient).sequence);
}

TEST_CASE(
    "a cursor without a name, with a name that breaks lines, or ahead of all events is refused") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  const std::string longest(limits::kNameBytes, 'x');
  for (const wire::SaveCursor& wrong :
       {wire::SaveCursor{"", {1}}, wire::SaveCursor{"a\nb", {1}},
        wire::SaveCursor{longest + "x", {1}}, wire::SaveCursor{"news/mail", {2}}}) {
    broker.say(Harness::kClient, wrong);
    CHECK(broker.last<wire::Error>(Harness::kClient).code == wire::ErrorCode::BadMessage);
  }
  CHECK(broker.changes<CursorSaved>().empty());
  broker.say(Harness::kClient, wire::SaveCursor{longest, {1}});
  CHECK(broker.changes<CursorSaved>().size() == 1);
}

TEST_CASE("one name too many is refused, and the names that there are go on") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  for (size_t i = 0; i < limits::kCursors; ++i)
    broker.say(Harness::kClient, wire::SaveCursor{"news/" + std::to_string(i), {1}});
  broker.say(Harness::kClient, wire::SaveCursor{"news/more", {1}});
  CHECK(broker.last<wire::Error>(Harness::kClient).code == wire::ErrorCode::Refused);
  broker.say(Harness::kClient, wire::SaveCursor{"news/7", {0}});
  CHECK(broker.core().ledger().cursors().size() == limits::kCursors);
  CHECK(broker.core().ledger().cursors().at("news/7") == EventSequence{0});
}
