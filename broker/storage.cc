#include "broker/storage.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "broker/journal/change_codec.h"
#include "shared/base/assert.h"

namespace seaworthy::broker {
namespace {

Committed failed(std::exception_ptr failure) {
  Committed committed;
  committed.failure = std::move(failure);
  return committed;
}

}  // namespace

Storage::Storage(Store store, const std::filesystem::path& state,
                 const std::filesystem::path& outputs, DiskSpace space)
    : log_(std::move(store.log)),
      outputs_(outputs),
      space_(std::move(space)),
      specifications_(database_in(state)),
      filing_(std::move(store.tables),
              [this](std::exception_ptr failure) { committed_.push(failed(failure)); }),
      thread_([this] { run(); }) {}

Storage::~Storage() {
  submitted_.close();
  thread_.join();
}

void Storage::run() {
  pthread_setname_np(pthread_self(), "storage");
  for (;;) {
    std::vector<Batch> batches = submitted_.take();
    if (batches.empty()) return;
    try {
      for (Committed& committed : commit(std::move(batches))) committed_.push(std::move(committed));
    } catch (...) {
      committed_.push(failed(std::current_exception()));
      return;
    }
  }
}

Committed Storage::commit_now(Batch batch) {
  std::vector<Batch> batches;
  batches.push_back(std::move(batch));
  return std::move(commit(std::move(batches)).front());
}

// All that gathered during the last commit shares one: the cost of an fsync is divided among them.
std::vector<Committed> Storage::commit(std::vector<Batch> batches) {
  std::vector<Committed> results(batches.size());
  std::vector<SharedChanges> changes;
  for (size_t i = 0; i < batches.size(); ++i) {
    write_outputs(batches[i]);
    results[i].changes = std::make_shared<const std::vector<Change>>(std::move(batches[i].changes));
    results[i].messages = std::move(batches[i].messages);
    if (!results[i].changes->empty()) changes.push_back(results[i].changes);
  }
  if (!changes.empty()) {
    const auto start = std::chrono::steady_clock::now();
    outputs_.sync();
    const uint64_t record = append(changes);
    const auto took = std::chrono::steady_clock::now() - start;
    results.front().commit_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    for (Committed& result : results) result.record = record;
  }
  for (const SharedChanges& some : changes)
    for (const Change& change : *some)
      if (const auto* ended = std::get_if<AttemptEnded>(&change.body))
        outputs_.close({ended->job, ended->attempt});
  for (Committed& result : results)
    for (Outgoing& out : result.messages)
      if (out.needs_specification) {
        auto& assign = std::get<wire::Assign>(out.message);
        assign.specification = specifications_.of(assign.job);
      }
  const Space space = space_.look();
  for (Committed& result : results) result.space = space;
  return results;
}

uint64_t Storage::append(const std::vector<SharedChanges>& changes) {
  std::string bytes;
  for (const SharedChanges& some : changes) encode_changes(*some, bytes);
  const Filing::Progress progress = filing_.progress();
  const uint64_t record = log_.append(bytes, progress.durable);
  specifications_.forget(progress.filed);
  for (const SharedChanges& some : changes) specifications_.add(some, record);
  filing_.submit(record, changes, bytes.size());
  return record;
}

void Storage::write_outputs(const Batch& batch) {
  auto blob = batch.blobs.begin();
  for (const Change& change : batch.changes) {
    const auto* stored = std::get_if<OutputStored>(&change.body);
    if (stored == nullptr) continue;
    SW_ASSERT(blob != batch.blobs.end());
    const std::string_view bytes = std::string_view(blob->bytes).substr(stored->skip, stored->size);
    const uint64_t from = stored->offset - stored->skip;
    const bool are_believed = are_sound(blob->times, from, from + blob->bytes.size());
    outputs_.write({stored->job, stored->attempt}, stored->offset, bytes,
                   are_believed ? blob->times : OutputTimes{});
    ++blob;
  }
}

}  // namespace seaworthy::broker
