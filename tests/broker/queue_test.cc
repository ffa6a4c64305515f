#include "broker/core/queue.h"

#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

ReadyQueue::Place place(uint64_t job, RepositoryNumber repository, LabelSetId labels = kNoLabels,
                        Priority priority = Priority::Normal, uint64_t rank = 1) {
  return {labels, repository, {priority, rank, JobId{job}}};
}

std::vector<uint64_t> order(const ReadyQueue& queue, size_t most = 100) {
  std::vector<uint64_t> jobs;
  for (JobId job : queue.in_order(most, [](LabelSetId) { return true; })) jobs.push_back(job.value);
  return jobs;
}

using Jobs = std::vector<uint64_t>;

}  // namespace

TEST_CASE("the turn is that of the repository with the fewest running jobs") {
  ReadyQueue queue;
  queue.add(place(1, 1));
  queue.add(place(2, 2));
  queue.started(1);
  CHECK(queue.next(kNoLabels)->entry.job == JobId{2});
  queue.started(2);
  queue.started(2);
  CHECK(queue.next(kNoLabels)->entry.job == JobId{1});
  queue.ended(2);
  queue.ended(2);
  CHECK(queue.next(kNoLabels)->entry.job == JobId{2});
}

TEST_CASE("among repositories with equally many running jobs the turn goes round") {
  ReadyQueue queue;
  for (uint64_t job = 1; job <= 6; ++job) queue.add(place(job, job % 2 == 0 ? 1 : 2));
  queue.served(2);
  CHECK(order(queue) == Jobs{2, 1, 4, 3, 6, 5});
}

TEST_CASE("inside a repository priority goes first, then the newest, then the pipeline's order") {
  ReadyQueue queue;
  queue.add(place(1, 1, kNoLabels, Priority::Low, 9));
  queue.add(place(2, 1, kNoLabels, Priority::Normal, 7));
  queue.add(place(4, 1, kNoLabels, Priority::Normal, 8));
  queue.add(place(3, 1, kNoLabels, Priority::Normal, 8));
  queue.add(place(5, 1, kNoLabels, Priority::High, 1));
  CHECK(order(queue) == Jobs{5, 3, 4, 2, 1});
}

TEST_CASE("each fourth turn of a repository is that of what was pushed first") {
  ReadyQueue queue;
  queue.add(place(1, 1, kNoLabels, Priority::Low, 2));
  queue.add(place(2, 1, kNoLabels, Priority::Low, 1));
  queue.add(place(3, 1, {1}, Priority::Low, 1));
  for (uint32_t job = 11; job <= 19; ++job)
    queue.add(place(job, 1, {job % 2}, Priority::Normal, job));
  queue.add(place(21, 1, kNoLabels, Priority::High, 21));
  CHECK(order(queue) == Jobs{21, 19, 18, 2, 17, 16, 15, 3, 14, 13, 12, 1, 11});
}

TEST_CASE("what is handed out is what was foretold") {
  ReadyQueue queue;
  std::vector<ReadyQueue::Place> places;
  for (uint32_t job = 1; job <= 200; ++job) {
    const uint32_t mixed = job * 7'919 % 211;
    places.push_back(
        place(job, mixed % 3, {mixed % 2}, static_cast<Priority>(1 + mixed % 3), mixed % 17 + 1));
    queue.add(places.back());
  }
  const Jobs foretold = order(queue, 200);
  CHECK(foretold.size() == 200);
  for (uint64_t job : foretold) {
    std::optional<ReadyQueue::Next> next = queue.next({0});
    const std::optional<ReadyQueue::Next> other = queue.next({1});
    if (!next || (other && *other < *next)) next = other;
    REQUIRE(next->entry.job.value == job);
    queue.remove(places[job - 1]);
    queue.started(next->turn.repository);
    queue.served(next->turn.repository);
  }
  CHECK(queue.empty());
}

TEST_CASE("priority never lets a repository pass another") {
  ReadyQueue queue;
  queue.started(1);
  queue.add(place(1, 1, kNoLabels, Priority::High));
  queue.add(place(2, 2, kNoLabels, Priority::Low));
  CHECK(order(queue) == Jobs{2, 1});
}

TEST_CASE("each set of labels has a first of its own, and all share the turns") {
  ReadyQueue queue;
  queue.add(place(1, 1, {1}));
  queue.add(place(2, 1, {2}));
  queue.add(place(3, 2, {2}));
  CHECK(queue.next({1})->entry.job == JobId{1});
  CHECK(queue.next({2})->entry.job == JobId{2});
  CHECK_FALSE(queue.next({3}));
  queue.started(1);
  CHECK(queue.next({1})->entry.job == JobId{1});
  CHECK(queue.next({2})->entry.job == JobId{3});
  CHECK(queue.in_order(9, [](LabelSetId id) { return id == LabelSetId{1}; }) ==
        std::vector<JobId>{{1}});
  CHECK(queue.size() == 3);
  CHECK(queue.size({2}) == 2);
  CHECK(queue.repositories({2}) == 2);
}

TEST_CASE("a queue from which all was taken is empty, and goes on") {
  ReadyQueue queue;
  for (uint64_t job = 1; job <= 50; ++job)
    queue.add(place(job, static_cast<RepositoryNumber>(job % 7), {1}));
  CHECK(order(queue, 3).size() == 3);
  while (auto next = queue.next({1}))
    queue.remove(place(next->entry.job.value, next->turn.repository, {1}));
  CHECK(queue.empty());
  CHECK(queue.repositories({1}) == 0);
  queue.add(place(1, 1, {1}));
  CHECK(queue.next({1})->entry.job == JobId{1});
}
