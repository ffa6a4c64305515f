// Labels, fair shares and priorities, as workers and clients see them.
#include "shared/model/limits.h"
#include "tests/broker/broker_fixture.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

JobSpec a_job_on(const std::string& name, Labels labels) {
  JobSpec job = a_job(name);
  job.runs_on = std::move(labels);
  return job;
}

wire::Submit a_submit_of(const std::string& repository, uint8_t number, int revision_number,
                         std::vector<JobSpec> jobs = {a_job("test")}) {
  wire::Submit submit = a_submit(number, {revision_number}, std::move(jobs));
  submit.repository = repository;
  return submit;
}

bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a job goes only to a worker that has all labels that it asks for") {
  Harness broker;
  broker.idle_worker(1, "amy", 1, {"linux"});
  broker.idle_worker(2, "bob", 2, {"linux", "gpu=h200", "big"});
  broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu=h200", "linux"})}));
  CHECK(broker.count<wire::Assign>(1) == 0);
  CHECK(broker.count<wire::Assign>(2) == 1);
  broker.submit(a_submit(2, {2}, {a_job_on("train", {"gpu=h200"})}));
  CHECK(broker.count<wire::Assign>(1) == 0);
  broker.submit(a_submit(3, {3}));
  CHECK(broker.count<wire::Assign>(1) == 1);
}

TEST_CASE("a job that only a few workers fit does not hold up the others") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu"}), a_job("test")}));
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.last<wire::Assign>(1).job == JobId{2});
}

TEST_CASE("a worker with few labels is preferred, so that special ones stay free") {
  Harness broker;
  broker.idle_worker(1, "gpu", 1, {"gpu", "linux"});
  broker.idle_worker(2, "plain", 2, {"linux"});
  broker.submit(a_submit(1, {1}));
  CHECK(broker.count<wire::Assign>(1) == 0);
  CHECK(broker.count<wire::Assign>(2) == 1);
}

TEST_CASE("a worker that comes later, or with other labels, gets what fits then") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu"})}));
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.count<wire::Assign>(1) == 0);
  broker.hello(1, "amy", 1, {}, {"gpu", "gpu"});
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.count<wire::Assign>(1) == 1);
}

TEST_CASE("a job that no worker ever seen could run says so, and which label is missing") {
  Harness broker;
  broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu=h200", "linux"})}));
  CHECK(broker.core().why_waiting({1}) ==
        "no worker that was ever seen has the labels gpu=h200, linux: start one with "
        "`seaworthy-worker --label gpu=h200 --label linux`");
  broker.idle_worker(1, "amy", 1, {"linux"});
  broker.idle_worker(2, "bob", 2, {"windows"});
  CHECK(contains(broker.core().why_waiting({1}), "(amy lacks gpu=h200)"));
  broker.say(Harness::kClient, wire::QueueStatus{10});
  const auto status = broker.last<wire::QueueStatusOk>(Harness::kClient);
  REQUIRE(status.unmatched.size() == 1);
  CHECK(status.unmatched[0].labels == Labels{"gpu=h200", "linux"});
  CHECK(status.unmatched[0].count == 1);
  CHECK(status.unmatched[0].why == broker.core().why_waiting({1}));
}

TEST_CASE("a fitting worker that was seen and is away is told from one that never was") {
  Harness broker;
  broker.idle_worker(1, "amy", 1, {"gpu"});
  broker.say(1, wire::Goodbye{boot(1), "off"});
  broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu"})}));
  CHECK(broker.core().why_waiting({1}) ==
        "no worker with the labels gpu is connected: amy, which has them, is away");
  broker.say(Harness::kClient, wire::QueueStatus{10});
  CHECK(broker.last<wire::QueueStatusOk>(Harness::kClient).unmatched.empty());
  broker.idle_worker(1, "amy", 1, {"gpu"});
  broker.submit(a_submit(2, {2}, {a_job_on("train", {"gpu"})}));
  CHECK(contains(broker.core().why_waiting({2}), "the only worker with the labels gpu is busy"));
  broker.say(1, wire::Ready{boot(1), 0, "its disk is full"});
  CHECK(contains(broker.core().why_waiting({2}), "no worker with the labels gpu takes jobs: amy"));
}

TEST_CASE("a job that no worker could run for an hour ends inconclusive, and says why") {
  Harness broker;
  const BuildId build = broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu"})}))[0].build;
  broker.submit(a_submit(2, {2}));
  broker.pass(Harness::kUnmatched - Duration{1});
  CHECK_FALSE(broker.verdict_of_build(build));
  CHECK(broker.core().next_deadline() == Instant{Harness::kUnmatched});
  broker.pass(Duration{1});
  CHECK(broker.verdict_of_build(build) == Verdict::Inconclusive);
  CHECK(contains(broker.changes<JobFinished>()[0].note,
                 "in 60 min no worker came that could run it: no worker that was ever seen has the "
                 "labels gpu"));
  broker.pass(2 * Harness::kUnmatched);
  CHECK(broker.changes<JobFinished>().size() == 1);  // a job without labels waits for ever
}

TEST_CASE("the hour begins when the job is ready, and ends when a fitting worker is seen") {
  Harness broker;
  broker.hello(1, "amy", 1);
  JobSpec train = a_job_on("train", {"gpu"});
  train.needs = {"lint"};
  const BuildId build = broker.submit(a_submit(1, {1}, {a_job("lint"), train}))[0].build;
  broker.pass(Harness::kUnmatched);
  broker.idle_worker(1, "amy", 1);
  broker.finish(1, broker.last<wire::Assign>(1), Outcome::Passed);
  broker.pass(Harness::kUnmatched - Duration{1});
  CHECK_FALSE(broker.verdict_of_build(build));
  broker.hello(2, "bob", 2, {}, {"gpu"});
  broker.say(2, wire::Goodbye{boot(2), "off"});
  broker.pass(3 * Harness::kUnmatched);
  CHECK_FALSE(broker.verdict_of_build(build));
}

TEST_CASE("what waits for a worker that never comes can be cancelled, and is not judged again") {
  Harness broker;
  const BuildId build = broker.submit(a_submit(1, {1}, {a_job_on("train", {"gpu"})}))[0].build;
  broker.say(Harness::kClient, wire::Cancel{build, {}, ""});
  CHECK_FALSE(broker.core().next_deadline());
  broker.pass(2 * Harness::kUnmatched);
  CHECK(broker.changes<JobFinished>().size() == 1);
}

TEST_CASE("many jobs that no worker could run end in bounded parts") {
  Harness broker;
  std::vector<JobSpec> jobs;
  for (size_t i = 0; i < limits::kJobsPerBuild; ++i)
    jobs.push_back(a_job_on(std::to_string(i), {"gpu"}));
  broker.submit(a_submit(1, {1, 2, 3}, jobs));
  broker.pass(Harness::kUnmatched);
  CHECK(broker.changes<JobFinished>().size() == limits::kGivenUpAtOnce);
  for (int i = 0; i < 2; ++i) broker.pass(Duration{0});
  CHECK(broker.changes<JobFinished>().size() == 3 * limits::kJobsPerBuild);
}

TEST_CASE("a noisy repository delays another's first job by one job at most") {
  Harness broker;
  std::vector<JobSpec> jobs;
  for (int i = 0; i < 200; ++i) jobs.push_back(a_job(std::to_string(i)));
  broker.submit(a_submit_of("/srv/noisy", 1, 1, jobs));
  broker.idle_worker(1, "amy", 1);
  broker.idle_worker(2, "bob", 2);
  const auto first = broker.last<wire::Assign>(1);
  broker.submit(a_submit_of("/srv/quiet", 2, 2));
  broker.finish(1, first, Outcome::Passed);
  broker.say(1, wire::Ready{boot(1), 1});
  CHECK(broker.last<wire::Assign>(1).repository == "/srv/quiet");
}

TEST_CASE("two busy repositories share the workers evenly") {
  Harness broker;
  std::vector<JobSpec> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(a_job(std::to_string(i)));
  broker.submit(a_submit_of("/srv/a", 1, 1, jobs));
  broker.submit(a_submit_of("/srv/b", 2, 2, jobs));
  for (uint8_t worker = 1; worker <= 8; ++worker)
    broker.idle_worker(worker, std::string(1, static_cast<char>('a' + worker)), worker);
  size_t of_a = 0;
  for (uint8_t worker = 1; worker <= 8; ++worker)
    of_a += broker.last<wire::Assign>(worker).repository == "/srv/a";
  CHECK(of_a == 4);
}

TEST_CASE("a priority counts inside its repository, and what waits is listed in that order") {
  Harness broker;
  JobSpec low = a_job("low"), high = a_job("high");
  low.priority = Priority::Low;
  high.priority = Priority::High;
  broker.submit(a_submit_of("/srv/a", 1, 1, {low, a_job("normal"), high}));
  broker.submit(a_submit_of("/srv/b", 2, 2, {a_job("other")}));
  broker.say(Harness::kClient, wire::QueueStatus{10});
  std::vector<std::string> order;
  for (const auto& job : broker.last<wire::QueueStatusOk>(Harness::kClient).waiting)
    order.push_back(job.name);
  CHECK(order == std::vector<std::string>{"high", "other", "normal", "low"});
}

TEST_CASE("a waiting job tells what stands before it, and who takes turns with it") {
  Harness broker;
  broker.hello(1, "amy", 1);
  broker.submit(a_submit_of("/srv/a", 1, 1, {a_job("one"), a_job("two"), a_job("three")}));
  broker.submit(a_submit_of("/srv/b", 2, 2));
  CHECK(broker.core().why_waiting({1}) == "the only worker is busy or not ready; it is next");
  CHECK(broker.core().why_waiting({3}) ==
        "the only worker is busy, and 2 jobs of its repository stand before it; 2 repositories "
        "take turns");
  CHECK(broker.core().why_waiting({4}) ==
        "the only worker is busy, and it is the next of its repository; 2 repositories take turns");
}

TEST_CASE("demand counts the ready jobs that a worker with these labels could run") {
  Harness broker;
  JobSpec later = a_job_on("later", {"gpu"});
  later.needs = {"a"};
  broker.submit(a_submit(
      1, {1}, {a_job("a"), a_job_on("b", {"gpu"}), a_job_on("c", {"gpu", "linux"}), later}));
  CHECK(broker.core().demand({}) == 1);
  CHECK(broker.core().demand({"gpu"}) == 2);
  CHECK(broker.core().demand({"linux", "gpu"}) == 3);
  CHECK(broker.core().demand({"windows"}) == 1);
  broker.tell(SpaceChanged{false});
  CHECK(broker.core().demand({"linux", "gpu"}) == 0);
  broker.tell(SpaceChanged{true});
  broker.idle_worker(1, "amy", 1);
  CHECK(broker.core().demand({}) == 0);
}

TEST_CASE(
    "as many different sets of labels may wait as there is room for, and their room is found") {
  Harness broker;
  std::vector<JobSpec> jobs;
  uint8_t number = 1;
  int label = 0;
  auto submit_all = [&](size_t count) {
    jobs.clear();
    for (size_t i = 0; i < count; ++i)
      jobs.push_back(a_job_on(std::to_string(i), {"l" + std::to_string(++label)}));
    broker.say(Harness::kClient, a_submit(number, {number}, jobs));
    ++number;
  };
  for (size_t sets = 0; sets < 768; sets += 256) submit_all(256);
  submit_all(255);
  CHECK(broker.count<wire::SubmitOk>(Harness::kClient) == 4);
  submit_all(1);
  const auto refusal = broker.last<wire::Error>(Harness::kClient);
  CHECK(refusal.code == wire::ErrorCode::Overloaded);
  CHECK(refusal.retryable);
  broker.say(Harness::kClient, wire::Cancel{{1}, {}, ""});
  submit_all(200);
  CHECK(broker.count<wire::SubmitOk>(Harness::kClient) == 5);
  broker.idle_worker(1, "amy", 1, {"l" + std::to_string(label)});
  CHECK(broker.count<wire::Assign>(1) == 1);
}
