#include "watcher/core/batch.h"

#include "shared/model/limits.h"
#include "shared/wire/codec.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using watcher::Batch;

namespace {

Pipeline pipeline_of(const std::string& run) {
  JobSpec job;
  job.name = "test";
  job.steps = {{run.substr(0, 10), run, {{"NAME", "value"}}}};
  job.origin = "From .seaworthy.yml in this revision.";
  return {{job}, std::nullopt};
}

wire::Candidate candidate(size_t number) {
  std::string revision = std::to_string(number);
  revision.insert(0, 40 - revision.size(), '0');
  return {revision, static_cast<uint32_t>(number), 0, std::string(limits::kSubjectBytes, 's'),
          std::string(limits::kSubjectBytes, 'a')};
}

// Adds `count` revisions, all messages that this takes.
template <class PipelineOf>
std::vector<wire::Submit> batches(size_t count, PipelineOf pipeline_for) {
  Batch batch("/repo", "refs/heads/main", "tip");
  std::vector<wire::Submit> taken;
  for (size_t i = 0; i < count; ++i) {
    if (batch.add(candidate(i), pipeline_for(i))) continue;
    taken.push_back(batch.take({}));
    REQUIRE(batch.add(candidate(i), pipeline_for(i)));
  }
  taken.push_back(batch.take({}));
  return taken;
}

}  // namespace

TEST_CASE("a pipeline that many revisions share is sent once") {
  auto sent = batches(100, [](size_t i) { return pipeline_of(i % 2 == 0 ? "even" : "odd"); });
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].pipelines.size() == 2);
  REQUIRE(sent[0].revisions.size() == 100);
  CHECK(sent[0].revisions[98].pipeline == 0);
  CHECK(sent[0].revisions[99].pipeline == 1);
}

TEST_CASE("many revisions become messages that keep order, ref and limits") {
  auto sent = batches(10'000, [](size_t) { return pipeline_of("make"); });
  size_t next = 0;
  for (const wire::Submit& submit : sent) {
    CHECK(submit.revisions.size() <= limits::kSubmitRevisions);
    CHECK(submit.repository == "/repo");
    CHECK(submit.ref == "refs/heads/main");
    CHECK(submit.tip == "tip");
    CHECK(wire::encode(submit, 0).body.size() <= limits::kSubmitBytes + 1024);
    for (const auto& revision : submit.revisions) CHECK(revision.depth == next++);
  }
  CHECK(next == 10'000);
}

TEST_CASE("large pipelines start new messages, and the largest fits one of its own") {
  const std::string large(limits::kPipelineFileBytes - 1024, 'x');
  auto sent = batches(9, [&](size_t i) { return pipeline_of(std::to_string(i) + large); });
  size_t revisions = 0;
  for (const wire::Submit& submit : sent) {
    revisions += submit.revisions.size();
    CHECK(wire::encode(submit, 0).body.size() < limits::kMessageBytes - 4096);
  }
  CHECK(revisions == 9);
}

TEST_CASE("taking a batch leaves an empty one for the same ref") {
  Batch batch("/repo", "ref", "tip");
  CHECK(batch.is_empty());
  CHECK(batch.add(candidate(1), pipeline_of("x")));
  RequestId request;
  request.bytes[0] = 7;
  CHECK(batch.take(request).request == request);
  CHECK(batch.is_empty());
  CHECK(batch.add(candidate(2), pipeline_of("x")));
  wire::Submit second = batch.take({});
  CHECK(second.ref == "ref");
  CHECK(second.pipelines.size() == 1);
}
