#include "watcher/core/batch.h"

#include <algorithm>
#include <utility>

#include "shared/model/limits.h"
#include "shared/model/message_bytes.h"

namespace seaworthy::watcher {
namespace {

constexpr size_t kOverhead = 64;  // keys, numbers and lengths of one struct

size_t bytes_of(const wire::Candidate& candidate) {
  return kOverhead + candidate.revision.size() + candidate.subject.size() + candidate.author.size();
}

}  // namespace

Batch::Batch(std::string repository, std::string ref, std::string tip) {
  submit_.repository = std::move(repository);
  submit_.ref = std::move(ref);
  submit_.tip = std::move(tip);
}

bool Batch::add(wire::Candidate candidate, const Pipeline& pipeline) {
  auto& pipelines = submit_.pipelines;
  auto known = std::find(pipelines.begin(), pipelines.end(), pipeline);
  size_t more = bytes_of(candidate) + (known == pipelines.end() ? message_bytes(pipeline) : 0);
  bool full =
      submit_.revisions.size() >= limits::kSubmitRevisions || bytes_ + more > limits::kSubmitBytes;
  if (full && !is_empty()) return false;
  candidate.pipeline = static_cast<uint32_t>(known - pipelines.begin());
  if (known == pipelines.end()) pipelines.push_back(pipeline);
  submit_.revisions.push_back(std::move(candidate));
  bytes_ += more;
  return true;
}

wire::Submit Batch::take(RequestId request) {
  wire::Submit next;
  next.repository = submit_.repository;
  next.ref = submit_.ref;
  next.tip = submit_.tip;
  submit_.request = request;
  bytes_ = 0;
  return std::exchange(submit_, std::move(next));
}

}  // namespace seaworthy::watcher
