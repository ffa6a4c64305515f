// What people who run the place ask of the core: draining, pausing, and numbers.
#include "broker/core/counters.h"
#include "shared/model/limits.h"
#include "tests/broker/broker_fixture.h"
#include "tests/cli/support/matchers.h"

using namespace seaworthy;
using namespace seaworthy::broker;
using seaworthy::test::Contains;

namespace {

constexpr PeerNumber kPerson = 2000;

void drain(Harness& broker, const std::string& worker, bool is_drained = true) {
  broker.say(kPerson, wire::DrainWorker{worker, is_drained});
}

void pause(Harness& broker, bool is_paused = true, const std::string& repository = "/srv/project") {
  broker.say(kPerson, wire::PauseRepository{repository, is_paused});
}

wire::WorkerRow only_worker(Harness& broker) {
  broker.say(kPerson, wire::ListWorkers{});
  const auto list = broker.last<wire::WorkerList>(kPerson);
  REQUIRE(list.workers.size() == 1);
  return list.workers.front();
}

wire::Submit of_repository(uint8_t number, const std::string& repository) {
  wire::Submit submit = a_submit(number, {number});
  submit.repository = repository;
  return submit;
}

uint64_t count_of(const std::vector<wire::WordCount>& words, const std::string& word) {
  for (const wire::WordCount& one : words)
    if (one.word == word) return one.count;
  FAIL("no such word: " + word);
  return 0;
}

}  // namespace

TEST_CASE("a drained worker is given no more jobs, whatever it says") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  drain(broker, "amy");
  CHECK(broker.count<wire::Ok>(kPerson) == 1);
  broker.submit(a_submit(1, {1}));
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 0);
  CHECK(only_worker(broker).state == "drained");
  CHECK(only_worker(broker).drained);
  CHECK_THAT(broker.core().why_waiting({1}), Contains("amy does not because it is "
                                                      "drained"));
}

TEST_CASE("a drained worker ends what it has") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.idle_worker(1, "amy", 1);
  const auto assign = broker.last<wire::Assign>(1);
  drain(broker, "amy");
  CHECK(only_worker(broker).state == "busy");
  broker.accept(1, assign);
  broker.finish(1, assign, Outcome::Passed);
  CHECK(broker.verdict_of_build({1}) == Verdict::Passed);
  CHECK(only_worker(broker).state == "drained");
}

TEST_CASE("a worker stays drained when it comes back as another connection or another life") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  drain(broker, "amy");
  broker.submit(a_submit(1, {1}));
  SECTION("another connection") { broker.idle_worker(2, "amy", 1); }
  SECTION("another life") { broker.idle_worker(2, "amy", 2); }
  SECTION("after Goodbye") {
    broker.say(1, wire::Goodbye{boot(1), "stopped"});
    broker.idle_worker(2, "amy", 2);
  }
  CHECK(broker.count<wire::Assign>(2) == 0);
  CHECK(only_worker(broker).state == "drained");
}

TEST_CASE("a worker that is drained no longer works again as soon as it is ready") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  drain(broker, "amy");
  broker.submit(a_submit(1, {1}));
  drain(broker, "amy", false);
  CHECK(broker.count<wire::Ok>(kPerson) == 2);
  CHECK(only_worker(broker).reason.empty());
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
}

TEST_CASE("draining is asked of one worker only") {
  Harness broker;
  broker.idle_worker(1, "amy", 1);
  broker.idle_worker(2, "bob", 2);
  drain(broker, "amy");
  broker.submit(a_submit(1, {1}));
  CHECK(broker.count<wire::Assign>(2) == 1);
}

TEST_CASE("a worker that nobody knows cannot be drained") {
  Harness broker;
  drain(broker, "amy");
  const auto error = broker.last<wire::Error>(kPerson);
  CHECK(error.code == wire::ErrorCode::NotFound);
  CHECK_FALSE(error.retryable);
}

TEST_CASE("more workers than there is memory for are not drained") {
  Harness broker;
  for (size_t i = 0; i <= limits::kDrainedWorkers; ++i) {
    const std::string name = "w" + std::to_string(i);
    broker.hello(1, name, 1);
    drain(broker, name);
    broker.say(1, wire::Goodbye{boot(1), ""});
  }
  CHECK(broker.last<wire::Error>(kPerson).code == wire::ErrorCode::Overloaded);
  drain(broker, "w0", false);
  drain(broker, "w1");
  CHECK(broker.count<wire::Error>(kPerson) == 1);
}

TEST_CASE("jobs of a paused repository wait and say why; those of others run") {
  Harness broker;
  broker.submit(of_repository(1, "/srv/project"));
  pause(broker);
  CHECK(broker.changes<RepositoryPaused>().size() == 1);
  broker.submit(of_repository(2, "/srv/other"));
  broker.submit(of_repository(3, "/srv/project"));
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.last<wire::Assign>(1).repository == "/srv/other");
  broker.idle_worker(2, "bob", 2);
  CHECK(broker.count<wire::Assign>(2) == 0);
  CHECK_THAT(broker.core().why_waiting({1}), Contains("its repository is paused"));
  CHECK(broker.core().demand({}) == 0);
  broker.say(kPerson, wire::QueueStatus{10});
  const auto queue = broker.last<wire::QueueStatusOk>(kPerson);
  CHECK(queue.paused == std::vector<std::string>{"/srv/project"});
  CHECK(queue.waiting.size() == 2);
}

TEST_CASE("a repository that is paused no longer goes on where it stopped") {
  Harness broker;
  broker.submit(of_repository(1, "/srv/project"));
  pause(broker);
  broker.idle_worker(1, "amy", 1);
  pause(broker, false);
  CHECK(broker.count<wire::Assign>(1) == 1);
  CHECK(broker.core().ledger().paused().empty());
}

TEST_CASE("what runs when its repository is paused goes on, and what it frees waits") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job("a"), a_job("b", {"a"})}));
  broker.idle_worker(1, "amy", 1);
  const auto assign = broker.last<wire::Assign>(1);
  broker.accept(1, assign);
  pause(broker);
  broker.finish(1, assign, Outcome::Passed);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.verdict_of_job({1}) == Verdict::Passed);
  CHECK(broker.count<wire::Assign>(1) == 1);
  pause(broker, false);
  CHECK(broker.count<wire::Assign>(1) == 2);
}

TEST_CASE("a paused repository's jobs can be cancelled") {
  Harness broker;
  const BuildId build = broker.submit(a_submit(1, {1}))[0].build;
  pause(broker);
  broker.say(kPerson, wire::Cancel{build, {}, "not wanted"});
  CHECK(broker.verdict_of_build(build) == Verdict::Cancelled);
}

TEST_CASE("builds of one concurrency group wait together while their repository is paused") {
  Harness broker;
  for (int number : {1, 2}) {
    wire::Submit submit =
        a_submit(static_cast<uint8_t>(number), {number}, {a_job("a"), a_job("b")});
    submit.pipelines[0].concurrency = Concurrency{"deploy", false};
    broker.submit(submit);
  }
  broker.idle_worker(1, "amy", 1);
  const auto assign = broker.last<wire::Assign>(1);
  broker.accept(1, assign);
  pause(broker);
  broker.finish(1, assign, Outcome::Passed);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
  pause(broker, false);
  CHECK(broker.last<wire::Assign>(1).build == assign.build);
}

TEST_CASE("a job that waits after a failure goes on waiting when its repository is not paused") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  broker.idle_worker(1, "amy", 1);
  const auto assign = broker.last<wire::Assign>(1);
  broker.accept(1, assign);
  broker.finish(1, assign, Outcome::Broken);
  pause(broker);
  pause(broker, false);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
  broker.pass(limits::kBrokenPause);
  CHECK(broker.count<wire::Assign>(1) == 2);
}

TEST_CASE("pausing what is paused already changes nothing") {
  Harness broker;
  broker.submit(a_submit(1, {1}));
  pause(broker);
  pause(broker);
  CHECK(broker.changes<RepositoryPaused>().size() == 1);
  CHECK(broker.count<wire::Ok>(kPerson) == 2);
}

TEST_CASE("a repository of which no build is known cannot be paused") {
  Harness broker;
  pause(broker, true, "/srv/projcet");
  CHECK(broker.last<wire::Error>(kPerson).code == wire::ErrorCode::NotFound);
  CHECK(broker.changes<RepositoryPaused>().empty());
}

TEST_CASE("numbers say what there is now: jobs by labels, workers by state") {
  Harness broker;
  JobSpec special = a_job("special");
  special.runs_on = {"gpu"};
  broker.submit(a_submit(1, {1}, {a_job("a"), a_job("b"), special}));
  broker.idle_worker(1, "amy", 1);
  broker.hello(2, "bob", 2);
  drain(broker, "bob");
  wire::Metrics metrics;
  broker.core().measure(Instant{}, metrics);
  CHECK(metrics.running_jobs == 1);
  CHECK(metrics.waiting_jobs == 2);
  CHECK(metrics.epoch == Epoch{1});
  REQUIRE(metrics.ready.size() == 2);
  CHECK(metrics.ready[0].labels.empty());
  CHECK(metrics.ready[0].count == 1);
  CHECK(metrics.ready[1].labels == Labels{"gpu"});
  CHECK(count_of(metrics.workers, "busy") == 1);
  CHECK(count_of(metrics.workers, "drained") == 1);
  CHECK(count_of(metrics.workers, "idle") == 0);
  broker.core().measure(Instant{} + Duration{3'600'000}, metrics = {});
  CHECK(count_of(metrics.workers, "silent") == 2);
}

TEST_CASE("counters say what happened: verdicts, outcomes, waiting and running times") {
  Harness broker;
  Counters counters;
  broker.submit(a_submit(1, {1}));
  broker.pass(Duration{2'000});
  broker.idle_worker(1, "amy", 1);
  const auto assign = broker.last<wire::Assign>(1);
  broker.accept(1, assign);
  broker.pass(Duration{500});
  broker.finish(1, assign, Outcome::Failed);
  for (const Change& change : broker.all_changes()) counters.count(change);
  counters.committed(200);
  counters.committed(50'000'000);
  wire::Metrics metrics;
  counters.tell(metrics);
  CHECK(metrics.submitted_builds == 1);
  CHECK(count_of(metrics.builds, "failed") == 1);
  CHECK(count_of(metrics.builds, "passed") == 0);
  CHECK(count_of(metrics.jobs, "failed") == 1);
  CHECK(count_of(metrics.attempts, "failed") == 1);
  CHECK(metrics.wait_ms.sum == 2'000);
  CHECK(metrics.run_ms.sum == 500);
  REQUIRE(metrics.wait_ms.counts.size() == metrics.wait_ms.bounds.size() + 1);
  for (size_t i = 0; i < metrics.wait_ms.bounds.size(); ++i)
    CHECK(metrics.wait_ms.counts[i] == (metrics.wait_ms.bounds[i] == 3'000 ? 1u : 0u));
  CHECK(metrics.commit_us.counts.back() == 1);
  CHECK(metrics.commit_us.sum == 50'000'200);
}
