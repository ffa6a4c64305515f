#include "broker/long_polls.h"

#include "broker/open_questions.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

constexpr Instant kSoon{Duration{1'000}}, kLater{Duration{2'000}};

LongPolls::Parked demand(PeerNumber peer, uint64_t known, std::vector<std::string> labels = {}) {
  return {{peer, 0, wire::AwaitDemand{std::move(labels), known, 0}, 0}, wire::Demand{known}};
}

LongPolls::Parked output(PeerNumber peer) {
  return {{peer, 0, wire::FetchOutput{}, 0}, wire::OutputData{}};
}

std::vector<PeerNumber> peers(const std::vector<std::pair<Question, uint64_t>>& woken) {
  std::vector<PeerNumber> list;
  for (const auto& [question, waiting] : woken) list.push_back(question.peer);
  return list;
}

}  // namespace

TEST_CASE("who awaits demand is told another number, and only who knows another") {
  LongPolls polls;
  CHECK_FALSE(polls.any_waits_for_demand());
  polls.park_for_demand(demand(1, 3), kSoon);
  polls.park_for_demand(demand(2, 4), kSoon);
  const auto woken = polls.wake_for_demand([](const auto&) { return 4u; });
  REQUIRE(peers(woken) == std::vector<PeerNumber>{1});
  CHECK(woken.front().second == 4);
  CHECK(polls.any_waits_for_demand());
  CHECK(polls.wake_for_demand([](const auto&) { return 4u; }).empty());
  CHECK(peers(polls.wake_for_demand([](const auto&) { return 0u; })) == std::vector<PeerNumber>{2});
  CHECK_FALSE(polls.any_waits_for_demand());
  CHECK_FALSE(polls.next_deadline());
}

TEST_CASE("each set of labels has its own number, which is asked for once") {
  LongPolls polls;
  for (PeerNumber peer = 1; peer <= 5; ++peer) polls.park_for_demand(demand(peer, 0), kSoon);
  polls.park_for_demand(demand(6, 0, {"gpu"}), kSoon);
  polls.park_for_output(JobId{1}, output(7), kSoon);
  polls.park_for_notice(demand(8, 0), kSoon);
  int asked = 0;
  const auto woken = polls.wake_for_demand([&asked](const std::vector<std::string>& labels) {
    ++asked;
    return labels == std::vector<std::string>{"gpu"} ? 2u : 0u;
  });
  CHECK(asked == 2);
  CHECK(peers(woken) == std::vector<PeerNumber>{6});
}

TEST_CASE("a question waits no longer than its time, whatever it is about") {
  LongPolls polls;
  polls.park_for_demand(demand(1, 3), kLater);
  polls.park_for_output(JobId{1}, output(2), kSoon);
  polls.park_for_events(output(3), kLater);
  CHECK(polls.next_deadline() == kSoon);
  const auto first = polls.expired(kSoon);
  REQUIRE(first.size() == 1);
  CHECK(first.front().question.peer == 2);
  CHECK(polls.next_deadline() == kLater);
  const auto rest = polls.expired(kLater);
  REQUIRE(rest.size() == 2);
  CHECK(std::get<wire::Demand>(rest.front().fallback).waiting == 3);
  CHECK_FALSE(polls.any_waits_for_demand());
  CHECK(polls.wake_for_output(JobId{1}).empty());
}

TEST_CASE("output of one job wakes who waits for it, and nobody else") {
  LongPolls polls;
  polls.park_for_output(JobId{1}, output(1), kSoon);
  polls.park_for_output(JobId{2}, output(2), kSoon);
  polls.park_for_output(JobId{1}, output(3), kLater);
  CHECK(polls.wake_for_output(JobId{1}).size() == 2);
  CHECK(polls.wake_for_output(JobId{1}).empty());
  CHECK(polls.next_deadline() == kSoon);
}

TEST_CASE("no more questions wait than may") {
  LongPolls polls;
  for (size_t i = 0; i < limits::kParkedRequests; ++i)
    REQUIRE(polls.park_for_demand(demand(1, i), kSoon));
  CHECK_FALSE(polls.park_for_events(output(1), kSoon));
  CHECK(polls.expired(kSoon).size() == limits::kParkedRequests);
  CHECK(polls.park_for_events(output(1), kSoon));
}

TEST_CASE("the questions of one key leave room for those of others") {
  OpenQuestions open;
  PeerNumber peer = 0;
  for (size_t asked = 0; asked < limits::kQuestionsPerUser; asked += limits::kQuestionsPerPeer) {
    ++peer;
    for (size_t i = 0; i < limits::kQuestionsPerPeer && asked + i < limits::kQuestionsPerUser; ++i)
      REQUIRE(open.admit(peer, "anna"));
  }
  CHECK_FALSE(open.admit(peer + 1, "anna"));
  CHECK(open.admit(peer + 1, "otto"));
  open.answered(1);
  CHECK(open.admit(peer + 2, "anna"));
  CHECK_FALSE(open.admit(peer + 3, "anna"));
}
