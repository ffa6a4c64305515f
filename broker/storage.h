// Storage is the thread that makes batches durable: output first, then the changes in one
// transaction, and only then does it hand the batch back, so that its messages may leave. One batch
// is committed while the next one gathers; an empty one is a look at how much room there is. A
// failure means that nobody knows what is durable: it is handed to the poll thread, which ends the
// process.
#pragma once

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/core/effects.h"
#include "broker/disk_space.h"
#include "broker/handoff.h"
#include "broker/journal/journal.h"
#include "broker/outputs.h"

namespace seaworthy::broker {

// What came with a message, as it was said.
struct Blob {
  std::string bytes;
  OutputTimes times;
};

struct Batch {
  std::vector<Change> changes;
  std::vector<Blob> blobs;  // one for each OutputStored, in order
  std::vector<Outgoing> messages;
};

struct Committed {
  Space space = Space::Enough;  // that was left then
  Batch batch;                  // without its blobs; Assign messages have their specification
  std::exception_ptr failure;
  // Of the first batch of each commit: how long it took to become durable.
  std::optional<uint64_t> commit_us = {};
};

class Storage {
 public:
  // Takes the journal over. `outputs` is the directory of output files.
  Storage(Journal journal, const std::filesystem::path& outputs, DiskSpace space);
  // Commits what was submitted, then ends the thread.
  ~Storage();

  void submit(Batch batch) { submitted_.push(std::move(batch)); }
  std::vector<Committed> take_committed() { return committed_.take_now(); }
  int fd() const { return committed_.fd(); }

 private:
  void run();
  // Nothing for batches without changes.
  std::optional<uint64_t> commit(std::vector<Batch>& batches);
  void write_outputs(const Batch& batch);

  Journal journal_;
  OutputWriter outputs_;
  DiskSpace space_;
  Handoff<Batch> submitted_;
  Handoff<Committed> committed_;
  std::thread thread_;
};

}  // namespace seaworthy::broker
