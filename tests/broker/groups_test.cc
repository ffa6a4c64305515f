// Concurrency groups: which builds of a repository run beside each other, and which end others.
#include "tests/broker/broker_fixture.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

wire::Submit in_group(wire::Submit submit, const std::string& group, bool ends_older = false) {
  submit.pipelines[0].concurrency = Concurrency{group, ends_older};
  return submit;
}

// Two workers, so that two builds could run beside each other.
struct TwoWorkers : Harness {
  TwoWorkers() {
    idle_worker(1, "amy", 1);
    idle_worker(2, "bob", 2);
  }
  void finish_last(PeerNumber peer, Outcome outcome = Outcome::Passed) {
    finish(peer, last<wire::Assign>(peer), outcome);
    say(peer, wire::Ready{boot(static_cast<uint8_t>(peer)), 1});
  }
};

}  // namespace

TEST_CASE("of a concurrency group one build runs at a time, with all its jobs") {
  TwoWorkers broker;
  broker.submit(in_group(a_submit(1, {1}, {a_job("a"), a_job("b", {"a"})}), "deploy"));
  broker.submit(in_group(a_submit(2, {2}), "deploy"));
  CHECK(broker.changes<AttemptAssigned>().size() == 1);
  CHECK(broker.core().why_waiting({3}) == "build 1 has the concurrency group deploy");
  broker.finish_last(1);
  CHECK(broker.changes<AttemptAssigned>().back().job == JobId{2});  // the same build's next job
  CHECK(broker.changes<AttemptAssigned>().size() == 2);
  for (PeerNumber peer : {PeerNumber{1}, PeerNumber{2}})
    if (broker.last<wire::Assign>(peer).job == JobId{2}) broker.finish_last(peer);
  CHECK(broker.changes<AttemptAssigned>().back().job == JobId{3});
}

TEST_CASE("other groups, other repositories and builds without a group run beside it") {
  TwoWorkers broker;
  broker.idle_worker(3, "cid", 3);
  broker.idle_worker(4, "dan", 4);
  broker.submit(in_group(a_submit(1, {1}), "deploy"));
  broker.submit(in_group(a_submit(2, {2}), "release"));
  wire::Submit elsewhere = in_group(a_submit(3, {3}), "deploy");
  elsewhere.repository = "/srv/other";
  broker.submit(elsewhere);
  broker.submit(a_submit(4, {4}));
  CHECK(broker.changes<AttemptAssigned>().size() == 4);
}

TEST_CASE("a group without a name is named like the ref") {
  TwoWorkers broker;
  broker.submit(in_group(a_submit(1, {1}), ""));
  wire::Submit topic = in_group(a_submit(2, {2}), "");
  topic.ref = "refs/heads/topic";
  broker.submit(topic);
  broker.submit(in_group(a_submit(3, {3}), ""));
  CHECK(broker.changes<AttemptAssigned>().size() == 2);
  CHECK(broker.core().why_waiting({3}) == "build 1 has the concurrency group refs/heads/main");
}

TEST_CASE("while nobody has the group the oldest build comes first, for each kind of worker") {
  Harness broker;
  JobSpec special = a_job("special");
  special.runs_on = {"gpu"};
  broker.submit(in_group(a_submit(1, {1}), "deploy"));
  broker.submit(in_group(a_submit(2, {2}, {special}), "deploy"));
  broker.submit(in_group(a_submit(3, {3}), "deploy"));
  CHECK(broker.core().why_waiting({3}) ==
        "no worker is connected: start one with `seaworthy-worker`");
  broker.hello(1, "amy", 1);
  CHECK(broker.core().why_waiting({3}) == "build 1 comes first in the concurrency group deploy");
  CHECK(broker.core().demand({}) == 1);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.last<wire::Assign>(1).build == BuildId{1});
  broker.idle_worker(2, "bob", 2, {"gpu"});
  CHECK(broker.count<wire::Assign>(2) == 0);
  CHECK(broker.core().demand({"gpu"}) == 0);
  broker.finish(1, broker.last<wire::Assign>(1), Outcome::Passed);
  CHECK(broker.last<wire::Assign>(2).build == BuildId{3});
  CHECK(broker.core().why_waiting({2}) == "build 3 has the concurrency group deploy");
  broker.finish(2, broker.last<wire::Assign>(2), Outcome::Passed);
  broker.say(2, wire::Ready{boot(2), 1});
  CHECK(broker.last<wire::Assign>(2).build == BuildId{2});
}

TEST_CASE("a build keeps its group while its job is given back, lost or repeated") {
  TwoWorkers broker;
  broker.submit(in_group(a_submit(1, {1}), "deploy"));
  broker.submit(in_group(a_submit(2, {2}), "deploy"));
  auto assign = broker.last<wire::Assign>(1);
  CHECK(assign.build == BuildId{1});
  broker.say(1, wire::Decline{assign.boot, assign.job, assign.attempt, "no disk"});
  CHECK(broker.last<wire::Assign>(2).build == BuildId{1});
  broker.pass(Duration{60'000});
  broker.idle_worker(3, "cid", 3);
  CHECK(broker.last<wire::Assign>(3).build == BuildId{1});
  for (const AttemptAssigned& one : broker.changes<AttemptAssigned>())
    CHECK(one.build == BuildId{1});
}

TEST_CASE("a newer build ends the older ones of its group where the pipeline says so") {
  TwoWorkers broker;
  const BuildId first = broker.submit(in_group(a_submit(1, {1}), "pr", true))[0].build;
  const BuildId other = broker.submit(in_group(a_submit(2, {2}), "other", true))[0].build;
  const BuildId second = broker.submit(in_group(a_submit(3, {3}), "pr", true))[0].build;
  CHECK(broker.last<wire::CancelAttempt>(1).job == JobId{1});
  CHECK(broker.changes<CancelRequested>()[0].reason ==
        "build 3, which is newer, has the concurrency group pr, where a newer build ends the older "
        "ones");
  CHECK_FALSE(broker.verdict_of_build(second));
  CHECK(broker.core().why_waiting({3}) == "build 1 has the concurrency group pr");
  broker.finish_last(1, Outcome::Cancelled);
  CHECK(broker.verdict_of_build(first) == Verdict::Cancelled);
  CHECK(broker.last<wire::Assign>(1).build == second);
  CHECK_FALSE(broker.verdict_of_build(other));
}

TEST_CASE("without cancel-in-progress a newer build ends nothing") {
  TwoWorkers broker;
  broker.submit(in_group(a_submit(1, {1}), "pr", true));
  broker.submit(in_group(a_submit(2, {2}), "pr", false));
  CHECK(broker.changes<CancelRequested>().empty());
}

TEST_CASE("of one push only the tip is run where a newer build ends the older ones") {
  Harness broker;
  auto builds = broker.submit(in_group(a_submit(1, {3, 2, 1}), "pr", true));
  CHECK_FALSE(broker.verdict_of_build(builds[0].build));
  CHECK(broker.verdict_of_build(builds[1].build) == Verdict::Cancelled);
  CHECK(broker.verdict_of_build(builds[2].build) == Verdict::Cancelled);
}

TEST_CASE(
    "an older build that is submitted later is ended at once, also when the newer has finished") {
  TwoWorkers broker;
  wire::Submit rest = in_group(a_submit(2, {2}), "pr", true);
  rest.tip = revision(3);
  rest.revisions[0].depth = 1;
  broker.submit(in_group(a_submit(1, {3}), "pr", true));
  SECTION("while the newer runs") {}
  SECTION("after it") { broker.finish_last(1); }
  CHECK(broker.verdict_of_build(broker.submit(rest)[0].build) == Verdict::Cancelled);
  CHECK(broker.changes<AttemptAssigned>().size() == 1);
}

TEST_CASE("the rest of a push is not newer than its tip because somebody submitted in between") {
  Harness broker;
  const BuildId tip = broker.submit(in_group(a_submit(1, {3}), "pr", true))[0].build;
  wire::Submit between = a_submit(2, {9});
  between.ref = "refs/heads/topic";
  broker.submit(between);
  wire::Submit rest = in_group(a_submit(3, {2}), "pr", true);
  rest.tip = revision(3);
  rest.revisions[0].depth = 1;
  CHECK(broker.verdict_of_build(broker.submit(rest)[0].build) == Verdict::Cancelled);
  CHECK_FALSE(broker.verdict_of_build(tip));
}
