#include "broker/storage.h"

#include <chrono>
#include <utility>

#include "shared/base/assert.h"

namespace seaworthy::broker {

Storage::Storage(Journal journal, const std::filesystem::path& outputs, DiskSpace space)
    : journal_(std::move(journal)),
      outputs_(outputs),
      space_(std::move(space)),
      thread_([this] { run(); }) {}

Storage::~Storage() {
  submitted_.close();
  thread_.join();
}

void Storage::run() {
  for (;;) {
    std::vector<Batch> batches = submitted_.take();
    if (batches.empty()) return;
    Space space = Space::Enough;
    std::optional<uint64_t> took_us;
    try {
      took_us = commit(batches);
      space = space_.look();
    } catch (...) {
      committed_.push({Space::None, {}, std::current_exception()});
      return;
    }
    for (Batch& batch : batches)
      committed_.push({space, std::move(batch), nullptr, std::exchange(took_us, std::nullopt)});
  }
}

// All that gathered during the last commit shares one: the cost of an fsync is divided among them.
std::optional<uint64_t> Storage::commit(std::vector<Batch>& batches) {
  std::vector<Change> changes;
  for (Batch& batch : batches) {
    write_outputs(batch);
    changes.insert(changes.end(), batch.changes.begin(), batch.changes.end());
  }
  const auto start = std::chrono::steady_clock::now();
  outputs_.sync();
  journal_.commit(changes);
  const auto took = std::chrono::steady_clock::now() - start;
  for (const Change& change : changes)
    if (const auto* ended = std::get_if<AttemptEnded>(&change.body))
      outputs_.close({ended->job, ended->attempt});
  for (Batch& batch : batches) {
    batch.blobs.clear();
    for (Outgoing& out : batch.messages)
      if (out.needs_specification) {
        auto& assign = std::get<wire::Assign>(out.message);
        assign.specification = journal_.specification_of(assign.job);
      }
  }
  if (changes.empty()) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(took).count();
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
