#include "tests/broker/broker_fixture.h"

#include "shared/model/limits.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

struct OneRunningJob : Harness {
  OneRunningJob() {
    build = submit(a_submit(1, {1}))[0].build;
    idle_worker(1, "amy", 1);
    assign = last<wire::Assign>(1);
    accept(1, assign);
  }
  BuildId build;
  wire::Assign assign;
};

}  // namespace

TEST_CASE("a submitted revision becomes a build with its jobs") {
  Harness broker;
  auto builds = broker.submit(a_submit(1, {1}, {a_job("lint"), a_job("test")}));
  CHECK(builds[0].build == BuildId{1});
  CHECK_FALSE(builds[0].duplicate);
  REQUIRE(broker.changes<BuildSubmitted>().size() == 1);
  CHECK(broker.changes<BuildSubmitted>()[0].jobs.size() == 2);
}

TEST_CASE("the same revision of the same ref is the same build, whoever asks") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  auto again = broker.submit(a_submit(2, {1}));
  CHECK(again[0].build == BuildId{1});
  CHECK(again[0].duplicate);
  CHECK(broker.changes<BuildSubmitted>().size() == 1);
}

TEST_CASE("a person may ask again for a revision, but a repeated request makes no third build") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  wire::Submit again = a_submit(2, {1});
  again.again = true;
  CHECK(broker.submit(again)[0].build == BuildId{2});
  CHECK(broker.submit(again)[0].build == BuildId{2});
  CHECK(broker.changes<BuildSubmitted>().size() == 2);
}

TEST_CASE("a request id that comes with other revisions is a conflict and changes nothing") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.say(Harness::kClient, a_submit(1, {2}));
  CHECK(broker.last<wire::Error>(Harness::kClient).code == wire::ErrorCode::Conflict);
  CHECK(broker.changes<BuildSubmitted>().size() == 1);
}

TEST_CASE("what a submit must not say is refused with the reason") {
  Harness broker;
  wire::Submit submit = a_submit(1, {1});
  SECTION("no revision") { submit.revisions[0].revision = "main"; }
  SECTION("needs a job that is not there") { submit.pipelines[0].jobs[0].needs = {"lint"}; }
  SECTION("needs in a circle") {
    submit.pipelines[0].jobs = {a_job("a", {"b"}), a_job("b", {"a"})};
  }
  SECTION("two jobs of one name") { submit.pipelines[0].jobs = {a_job("a"), a_job("a")}; }
  SECTION("a pipeline that is not there") { submit.revisions[0].pipeline = 5; }
  SECTION("labels that are not in order") { submit.pipelines[0].jobs[0].runs_on = {"b", "a"}; }
  SECTION("a label that is there twice") { submit.pipelines[0].jobs[0].runs_on = {"a", "a"}; }
  SECTION("an empty label") { submit.pipelines[0].jobs[0].runs_on = {""}; }
  SECTION("a label of two lines") { submit.pipelines[0].jobs[0].runs_on = {"a\nb"}; }
  SECTION("too many labels") {
    for (size_t i = 0; i <= limits::kLabels; ++i)
      submit.pipelines[0].jobs[0].runs_on.push_back(std::string(i + 1, 'a'));
  }
  SECTION("a group with a name without an end") {
    submit.pipelines[0].concurrency = {std::string(limits::kRepositoryBytes + 1, 'g'), false};
  }
  SECTION("a job without a time-out") { submit.pipelines[0].jobs[0].timeout = Duration{0}; }
  broker.say(Harness::kClient, submit);
  CHECK(broker.last<wire::Error>(Harness::kClient).code == wire::ErrorCode::BadMessage);
  CHECK(broker.changes<BuildSubmitted>().empty());
}

TEST_CASE("build numbers grow with the history, and the newest revision is handed out first") {
  Harness broker;
  auto builds = broker.submit(a_submit(1, {3, 2, 1}));
  CHECK(builds[0].build == BuildId{3});
  CHECK(builds[2].build == BuildId{1});
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.last<wire::Assign>(1).revision == revision(3));
}

TEST_CASE("a later part of the same push stands behind its newer part") {
  Harness broker;
  broker.submit(a_submit(1, {9, 8}));
  wire::Submit rest = a_submit(2, {7, 6});
  rest.tip = revision(9);
  rest.revisions[0].depth = 2;
  rest.revisions[1].depth = 3;
  broker.submit(rest);
  std::vector<std::string> order;
  broker.say(Harness::kClient, wire::QueueStatus{10});
  for (const auto& job : broker.last<wire::QueueStatusOk>(Harness::kClient).waiting)
    order.push_back(job.revision);
  CHECK(order == std::vector<std::string>{revision(9), revision(8), revision(7), revision(6)});
}

TEST_CASE("the next push overtakes what is still queued") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.submit(a_submit(2, {2}));
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.last<wire::Assign>(1).revision == revision(2));
}

TEST_CASE("a job runs only after the jobs it needs have passed") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job("test", {"lint"}), a_job("lint")}));
  broker.idle_worker(1, "amy", 1);
  auto assign = broker.last<wire::Assign>(1);
  CHECK(assign.job == JobId{2});
  broker.accept(1, assign);
  broker.finish(1, assign, Outcome::Passed);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.last<wire::Assign>(1).job == JobId{1});
}

TEST_CASE("what needs a job that failed is skipped, all the way down, and the build failed") {
  Harness broker;
  auto build =
      broker.submit(a_submit(1, {1}, {a_job("a"), a_job("b", {"a"}), a_job("c", {"b"})}))[0].build;
  broker.idle_worker(1, "amy", 1);
  broker.finish(1, broker.last<wire::Assign>(1), Outcome::Failed);
  CHECK(broker.verdict_of_job({2}) == Verdict::Skipped);
  CHECK(broker.verdict_of_job({3}) == Verdict::Skipped);
  CHECK(broker.verdict_of_build(build) == Verdict::Failed);
}

TEST_CASE(
    "a verdict that was decided before anything ran is recorded at once, with its explanation") {
  Harness broker;
  wire::Submit submit = a_submit(1, {1});
  submit.pipelines[0] = {{}, Decided{Verdict::Failed, ".seaworthy.yml:1:1: unknown key"}};
  auto build = broker.submit(submit)[0].build;
  CHECK(broker.verdict_of_build(build) == Verdict::Failed);
  CHECK(broker.changes<JobFinished>()[0].note == ".seaworthy.yml:1:1: unknown key");
}

TEST_CASE("an outcome becomes the verdict of the job and of the build, and is acknowledged") {
  OneRunningJob broker;
  broker.finish(1, broker.assign, Outcome::Passed);
  CHECK_FALSE(broker.last<wire::Recorded>(1).superseded);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
}

TEST_CASE("a repeated outcome is acknowledged again and recorded once") {
  OneRunningJob broker;
  broker.finish(1, broker.assign, Outcome::Passed);
  broker.finish(1, broker.assign, Outcome::Passed);
  CHECK(broker.count<wire::Recorded>(1) == 2);
  CHECK(broker.changes<JobFinished>().size() == 1);
}

TEST_CASE("an outcome waits for the rest of its output") {
  OneRunningJob broker;
  broker.finish(1, broker.assign, Outcome::Passed, /*output_bytes=*/10);
  CHECK(broker.last<wire::OutputOk>(1).offset == 0);
  CHECK(broker.changes<JobFinished>().empty());
  broker.say(1, wire::Output{boot(1), broker.assign.job, broker.assign.attempt, 0}, 10);
  broker.finish(1, broker.assign, Outcome::Passed, 10);
  CHECK(broker.changes<JobFinished>().size() == 1);
}

TEST_CASE("output is stored without gaps and without repetitions") {
  OneRunningJob broker;
  auto output = [&](uint64_t offset, uint64_t size) {
    broker.say(1, wire::Output{boot(1), broker.assign.job, broker.assign.attempt, offset}, size);
    return broker.last<wire::OutputOk>(1).offset;
  };
  CHECK(output(0, 100) == 100);
  CHECK(output(0, 100) == 100);
  CHECK(output(150, 10) == 100);
  CHECK(output(50, 100) == 150);
  auto stored = broker.changes<OutputStored>();
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].offset == 100);
  CHECK(stored[1].skip == 50);
  CHECK(stored[1].size == 50);
}

TEST_CASE("an acknowledgement says how much output may be under way from now on") {
  OneRunningJob broker;
  const auto output = [&](uint64_t offset) {
    broker.say(1, wire::Output{boot(1), broker.assign.job, broker.assign.attempt, offset}, 50'000);
    return broker.last<wire::OutputOk>(1).credit;
  };
  CHECK(broker.last<wire::Welcome>(1).output_credit == OutputCredit::kFirstBytes);
  CHECK(output(0) == 1'000'000);
  CHECK(output(50'000) == 1'000'000);
}

TEST_CASE("a lease that is not renewed returns its job to the queue, charged as a loss") {
  OneRunningJob broker;
  broker.pass(Duration{39'999});
  CHECK(broker.changes<AttemptLost>().empty());
  broker.pass(Duration{1});
  REQUIRE(broker.changes<AttemptLost>().size() == 1);
  broker.idle_worker(2, "bob", 2);
  CHECK(broker.last<wire::Assign>(2).attempt == AttemptNumber{2});
}

TEST_CASE("a heartbeat renews the lease") {
  OneRunningJob broker;
  for (int i = 0; i < 20; ++i) {
    broker.pass(Duration{5'000});
    broker.say(1,
               wire::Heartbeat{boot(1), {{broker.assign.job, broker.assign.attempt, false}}, 0, 0});
    CHECK(broker.last<wire::HeartbeatOk>(1).renewed.size() == 1);
  }
  CHECK(broker.changes<AttemptLost>().empty());
}

TEST_CASE("an assignment that nobody accepts is taken back without charge") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.idle_worker(1, "amy", 1);
  broker.pass(Duration{10'000});
  CHECK(broker.changes<AttemptReturned>().size() == 1);
  CHECK(broker.changes<AttemptLost>().empty());
}

TEST_CASE("an assignment that cannot be delivered is taken back at once") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.idle_worker(1, "amy", 1);
  broker.idle_worker(2, "bob", 2);
  const Effects effects = broker.unreachable(1);
  REQUIRE(effects.changes.size() == 2);
  CHECK(std::holds_alternative<AttemptReturned>(effects.changes[0].body));
  CHECK(std::get<AttemptAssigned>(effects.changes[1].body).worker == "bob");
}

TEST_CASE("a declined job goes to another worker, uncharged") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.idle_worker(1, "amy", 1);
  auto assign = broker.last<wire::Assign>(1);
  broker.idle_worker(2, "bob", 2);
  broker.say(1, wire::Decline{boot(1), assign.job, assign.attempt, "disk is full"});
  CHECK(broker.last<wire::Assign>(2).job == assign.job);
  CHECK(broker.changes<AttemptLost>().empty());
}

TEST_CASE("a worker that was started anew has lost what it ran") {
  OneRunningJob broker;
  broker.hello(2, "amy", 9);
  REQUIRE(broker.changes<AttemptLost>().size() == 1);
  CHECK(broker.changes<AttemptLost>()[0].reason == "worker amy was started anew");
}

TEST_CASE("a worker that was started anew may still bring the outcome it had spooled") {
  OneRunningJob broker;
  broker.hello(2, "amy", 9, {{broker.assign.job, broker.assign.attempt, true}});
  CHECK(broker.last<wire::Welcome>(2).keep.size() == 1);
  wire::Assign now = broker.assign;
  now.boot = boot(9);
  broker.finish(2, now, Outcome::Passed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
}

TEST_CASE("a worker that reconnects goes on with its job") {
  OneRunningJob broker;
  broker.hello(2, "amy", 1, {{broker.assign.job, broker.assign.attempt, false}});
  CHECK(broker.last<wire::Welcome>(2).keep.size() == 1);
  broker.finish(2, broker.assign, Outcome::Passed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
  CHECK(broker.changes<AttemptLost>().empty());
}

TEST_CASE(
    "a worker of the same life that does not know its job never got it: returned, not charged") {
  OneRunningJob broker;
  broker.hello(2, "amy", 1);
  CHECK(broker.changes<AttemptReturned>().size() == 1);
  CHECK(broker.changes<AttemptLost>().empty());
}

TEST_CASE("a lost attempt is adopted when its worker comes back before another took the job") {
  OneRunningJob broker;
  broker.pass(Duration{60'000});
  REQUIRE(broker.changes<AttemptLost>().size() == 1);
  broker.hello(2, "amy", 1, {{broker.assign.job, broker.assign.attempt, false}});
  CHECK(broker.changes<AttemptAdopted>().size() == 1);
  broker.finish(2, broker.assign, Outcome::Failed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Failed);
}

TEST_CASE("an outcome that comes after the job went to another is kept without effect") {
  OneRunningJob broker;
  broker.pass(Duration{60'000});
  broker.idle_worker(2, "bob", 2);
  auto second = broker.last<wire::Assign>(2);
  broker.accept(2, second);
  broker.hello(3, "amy", 1);
  broker.finish(3, broker.assign, Outcome::Failed);
  CHECK(broker.last<wire::Recorded>(3).superseded);
  CHECK(broker.changes<JobFinished>().empty());
  CHECK(broker.changes<AttemptSuperseded>().size() == 1);
  broker.finish(2, second, Outcome::Passed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
}

TEST_CASE("a revoked attempt is told so in the heartbeat and in answer to its output") {
  OneRunningJob broker;
  broker.pass(Duration{60'000});
  broker.idle_worker(2, "bob", 2);
  broker.accept(2, broker.last<wire::Assign>(2));
  broker.hello(3, "amy", 1);
  broker.say(3,
             wire::Heartbeat{boot(1), {{broker.assign.job, broker.assign.attempt, false}}, 0, 0});
  CHECK(broker.last<wire::HeartbeatOk>(3).gone.size() == 1);
  broker.forget();
  broker.say(3, wire::Output{boot(1), broker.assign.job, broker.assign.attempt, 0}, 5);
  CHECK(broker.last<wire::HeartbeatOk>(3).gone.size() == 1);
  CHECK(broker.changes<OutputStored>().empty());
}

TEST_CASE("a job that loses its workers three times is inconclusive and says why") {
  Harness broker;
  auto build = broker.submit(a_submit(1, {1}))[0].build;
  for (uint8_t i = 1; i <= limits::kLosses; ++i) {
    broker.idle_worker(i, "amy", i);
    broker.accept(i, broker.last<wire::Assign>(i));
    broker.pass(Duration{60'000});
  }
  CHECK(broker.verdict_of_build(build) == Verdict::Inconclusive);
  CHECK(broker.changes<JobFinished>()[0].note.find("lost 3 times") != std::string::npos);
}

TEST_CASE("an attempt that could not be run is repeated after a pause, three times at most") {
  Harness broker;
  auto build = broker.submit(a_submit(1, {1}))[0].build;
  broker.hello(1, "amy", 1);
  for (uint32_t i = 0; i < limits::kFailures; ++i) {
    CHECK_FALSE(broker.verdict_of_build(build));
    broker.say(1, wire::Ready{boot(1), 1});
    if (i > 0) {
      CHECK(broker.count<wire::Assign>(1) == i);
      broker.pass(limits::kBrokenPause * 6);
    }
    REQUIRE(broker.count<wire::Assign>(1) == i + 1);
    broker.finish(1, broker.last<wire::Assign>(1), Outcome::Broken);
  }
  CHECK(broker.verdict_of_build(build) == Verdict::Inconclusive);
}

TEST_CASE("a job that pauses after it could not be run says so, and can be cancelled") {
  Harness broker;
  auto build = broker.submit(a_submit(1, {1}))[0].build;
  broker.idle_worker(1, "amy", 1);
  broker.finish(1, broker.last<wire::Assign>(1), Outcome::Broken);
  CHECK(broker.core().why_waiting({1}).find("could not be run") != std::string::npos);
  broker.say(Harness::kClient, wire::Cancel{build, {}, ""});
  CHECK(broker.verdict_of_build(build) == Verdict::Cancelled);
  broker.pass(limits::kBrokenPause * 10);
  CHECK(broker.count<wire::Assign>(1) == 1);
}

TEST_CASE("cancelling a queued build ends it without an attempt") {
  Harness broker;
  auto build = broker.submit(a_submit(1, {1}, {a_job("a"), a_job("b", {"a"})}))[0].build;
  broker.say(Harness::kClient, wire::Cancel{build, {}, "not needed"});
  CHECK(broker.verdict_of_build(build) == Verdict::Cancelled);
  CHECK(broker.changes<AttemptAssigned>().empty());
}

TEST_CASE("cancelling a running job tells its worker, and what it reports is judged Cancelled") {
  OneRunningJob broker;
  broker.say(Harness::kClient, wire::Cancel{broker.build, {}, ""});
  CHECK(broker.last<wire::CancelAttempt>(1).job == broker.assign.job);
  broker.say(1,
             wire::Heartbeat{boot(1), {{broker.assign.job, broker.assign.attempt, false}}, 0, 0});
  CHECK(broker.last<wire::HeartbeatOk>(1).cancel.size() == 1);
  broker.finish(1, broker.assign, Outcome::Cancelled);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Cancelled);
}

TEST_CASE("a cancelled job whose worker is lost is not handed out again") {
  OneRunningJob broker;
  broker.say(Harness::kClient, wire::Cancel{broker.build, {}, ""});
  broker.idle_worker(2, "bob", 2);
  broker.pass(Duration{60'000});
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Cancelled);
  CHECK(broker.count<wire::Assign>(2) == 0);
}

TEST_CASE("a worker that is stopped gives its job back without charge") {
  OneRunningJob broker;
  broker.finish(1, broker.assign, Outcome::Cancelled);
  CHECK_FALSE(broker.verdict_of_build(broker.build));
  broker.idle_worker(2, "bob", 2);
  CHECK(broker.last<wire::Assign>(2).attempt == AttemptNumber{2});
}

TEST_CASE(
    "a worker that says goodbye gives back what it holds, and its later outcome has no effect") {
  OneRunningJob broker;
  broker.say(1, wire::Goodbye{boot(1), "was asked to stop at once"});
  CHECK(broker.changes<AttemptReturned>().size() == 1);
  CHECK(broker.changes<AttemptLost>().empty());
  broker.hello(2, "amy", 9, {{broker.assign.job, broker.assign.attempt, true}});
  CHECK(broker.last<wire::Welcome>(2).gone.size() == 1);
}

TEST_CASE("a peer that has not said Hello is told to") {
  Harness broker;
  broker.say(5, wire::Ready{boot(1), 1});
  CHECK(broker.last<wire::Error>(5).code == wire::ErrorCode::NoSession);
}

TEST_CASE("a waiting job says why it waits") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job("lint"), a_job("test", {"lint"})}));
  CHECK(broker.core().why_waiting({1}).find("no worker is connected") != std::string::npos);
  CHECK(broker.core().why_waiting({2}) == "it needs lint, which has not passed yet");
  broker.idle_worker(1, "amy", 1);
  broker.submit(a_submit(2, {2}));
  CHECK(broker.core().why_waiting({3}).find("it is next") != std::string::npos);
  CHECK(broker.core().why_waiting({1}).empty());
}

TEST_CASE("an idle worker that has waited longest gets the next job") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  broker.idle_worker(2, "bob", 2);
  broker.say(1, wire::Ready{boot(1), 1});
  broker.submit(a_submit(1, {1}));
  CHECK(broker.count<wire::Assign>(1) == 1);
  CHECK(broker.count<wire::Assign>(2) == 0);
}

TEST_CASE("a worker that says it is sick is listed with its reason and is given nothing") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  broker.say(1, wire::Ready{boot(1), 0, "its disk is full"});
  broker.submit(a_submit(1, {1}));
  CHECK(broker.count<wire::Assign>(1) == 0);
  broker.say(Harness::kClient, wire::ListWorkers{});
  CHECK(broker.last<wire::WorkerList>(Harness::kClient).workers.at(0).state == "sick");
  CHECK(broker.last<wire::WorkerList>(Harness::kClient).workers.at(0).reason == "its disk is full");
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
  broker.say(Harness::kClient, wire::ListWorkers{});
  CHECK(broker.last<wire::WorkerList>(Harness::kClient).workers.at(0).state == "busy");
  CHECK(broker.last<wire::WorkerList>(Harness::kClient).workers.at(0).reason.empty());
}

TEST_CASE("a repeated Ready does not hand out two jobs to one slot") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  broker.submit(a_submit(1, {2, 1}));
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
}

TEST_CASE(
    "on a full disk nothing new is taken or started, outcomes are, and it goes on by itself") {
  OneRunningJob broker;
  broker.submit(a_submit(2, {2}));
  broker.tell(SpaceChanged{false});
  broker.say(Harness::kClient, a_submit(3, {3}));
  const auto refusal = broker.last<wire::Error>(Harness::kClient);
  CHECK(refusal.code == wire::ErrorCode::Overloaded);
  CHECK(refusal.retryable);
  CHECK(refusal.message.find("disk") != std::string::npos);

  broker.finish(1, broker.assign, Outcome::Passed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
  broker.forget();
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 0);
  CHECK(broker.core().why_waiting({2}).find("disk") != std::string::npos);

  broker.tell(SpaceChanged{true});
  CHECK(broker.count<wire::Assign>(1) == 1);
  broker.submit(a_submit(3, {3}));
}

TEST_CASE("only finished builds are removed; then their revision may be submitted anew") {
  OneRunningJob broker;
  const BuildRemoved expired{broker.build, "/srv/project", "refs/heads/main",
                             revision(1),  {request(1)},   {}};
  broker.tell(BuildsExpired{{expired, {{99}, "", "", "", {}, {}}}});
  CHECK(broker.changes<BuildRemoved>().empty());
  broker.finish(1, broker.assign, Outcome::Passed);
  broker.pass(limits::kCopiesArriveWithin);
  broker.tell(BuildsExpired{{expired}});
  CHECK(broker.changes<BuildRemoved>().size() == 1);
  auto anew = broker.submit(a_submit(1, {1}));
  CHECK_FALSE(anew[0].duplicate);
  CHECK(anew[0].build == BuildId{2});
}

TEST_CASE("a late outcome is kept once, and only from the worker that had the attempt") {
  OneRunningJob broker;
  broker.pass(Harness::timing().lease + Harness::timing().grace + Duration{1});
  broker.idle_worker(2, "bob", 2);
  broker.accept(2, broker.last<wire::Assign>(2));
  broker.hello(1, "amy", 1);
  broker.hello(3, "liar", 3);
  wire::Assign forged = broker.assign;
  forged.boot = boot(3);
  broker.finish(3, forged, Outcome::Failed);
  forged.attempt = {2};
  broker.finish(3, forged, Outcome::Failed);
  CHECK(broker.changes<AttemptSuperseded>().empty());
  for (int i = 0; i < 3; ++i) broker.finish(1, broker.assign, Outcome::Failed);
  CHECK(broker.changes<AttemptSuperseded>().size() == 1);
  CHECK(broker.last<wire::Recorded>(1).superseded);
  CHECK(broker.last<wire::Recorded>(3).superseded);
}

TEST_CASE("a worker that asks for more than a worker may hold gets no more than that") {
  Harness broker;
  std::vector<JobSpec> jobs;
  for (size_t i = 0; i < limits::kJobsPerBuild; ++i) jobs.push_back(a_job(std::to_string(i)));
  broker.submit(a_submit(1, {5, 4, 3, 2, 1}, jobs));
  broker.hello(1, "amy", 1);
  for (int i = 0; i < 3; ++i) broker.say(1, wire::Ready{boot(1), 0xffff'ffff});
  CHECK(broker.count<wire::Assign>(1) == limits::kSlotsPerWorker);
}

TEST_CASE("a Hello whose texts are too long is refused") {
  Harness broker;
  wire::Hello hello;
  hello.worker = "amy";
  hello.boot = boot(1);
  SECTION("host") { hello.host = std::string(limits::kNameBytes + 1, 'x'); }
  SECTION("version") { hello.version = std::string(limits::kNameBytes + 1, 'x'); }
  SECTION("a label") { hello.labels = {std::string(limits::kNameBytes + 1, 'x')}; }
  broker.say(1, hello);
  CHECK(broker.last<wire::Error>(1).code == wire::ErrorCode::BadMessage);
}

TEST_CASE("a build that was just asked for again is kept until no copy of the request can come") {
  OneRunningJob broker;
  const BuildRemoved expired{broker.build, "/srv/project", "refs/heads/main",
                             revision(1),  {request(1)},   {}};
  broker.finish(1, broker.assign, Outcome::Passed);
  broker.pass(limits::kCopiesArriveWithin);
  CHECK(broker.submit(a_submit(2, {1}))[0].duplicate);
  broker.tell(BuildsExpired{{expired}});
  CHECK(broker.submit(a_submit(2, {1}))[0].build == broker.build);
  broker.pass(limits::kCopiesArriveWithin);
  broker.tell(BuildsExpired{{expired}});
  CHECK(broker.changes<BuildRemoved>().size() == 1);
}

TEST_CASE("a Hello that was overtaken by a newer one takes nothing from its worker") {
  OneRunningJob broker;
  wire::Hello newer;
  newer.worker = "amy";
  newer.boot = boot(1);
  newer.held = {{broker.assign.job, broker.assign.attempt, false}};
  newer.count = 3;
  broker.say(2, newer);
  CHECK(broker.last<wire::Welcome>(2).keep.size() == 1);
  wire::Hello late = newer;
  late.held.clear();
  late.count = 2;
  broker.say(1, late);
  CHECK(broker.changes<AttemptReturned>().empty());
  broker.finish(2, broker.assign, Outcome::Passed);
  CHECK(broker.verdict_of_build(broker.build) == Verdict::Passed);
}

TEST_CASE("demand counts ready jobs that nobody has, and none while the disk is full") {
  Harness broker;
  CHECK(broker.core().demand({}) == 0);
  broker.submit(a_submit(1, {3, 2, 1}, {a_job("build"), a_job("test", {"build"})}));
  CHECK(broker.core().demand({}) == 3);
  CHECK(broker.core().demand({"linux"}) == 3);
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.core().demand({}) == 2);
  broker.accept(1, broker.last<wire::Assign>(1));
  broker.finish(1, broker.last<wire::Assign>(1), Outcome::Passed);
  CHECK(broker.core().demand({}) == 3);
  broker.tell(SpaceChanged{false});
  CHECK(broker.core().demand({}) == 0);
}
