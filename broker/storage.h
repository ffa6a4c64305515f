// Storage is the thread that makes batches durable: output first, then the changes as one record of
// the log, and only then does it hand the batch back, so that its messages may leave. One batch is
// committed while the next one gathers; an empty one is a look at how much room there is. What is
// durable it hands to Filing, for the tables. The poll thread may commit by itself when nothing was
// submitted that did not come back: everything here is one thread's at a time. A failure means that
// nobody knows what is durable: it is handed to the poll thread, which ends the process.
#pragma once

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/core/effects.h"
#include "broker/disk_space.h"
#include "broker/filing.h"
#include "broker/handoff.h"
#include "broker/journal/specifications.h"
#include "broker/outputs.h"
#include "broker/store.h"

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
  SharedChanges changes;
  std::vector<Outgoing> messages;  // Assign has its specification
  uint64_t record = 0;             // of the log, up to which all is durable; 0: as before
  std::exception_ptr failure;
  // Of the first batch of each commit: how long it took to become durable.
  std::optional<uint64_t> commit_us = {};
};

class Storage {
 public:
  // Takes the store, which is in the directory `state`, over. `outputs` is the directory of output
  // files.
  Storage(Store store, const std::filesystem::path& state, const std::filesystem::path& outputs,
          DiskSpace space);
  // Commits and files what was submitted, then ends the threads.
  ~Storage();

  void submit(Batch batch) { submitted_.push(std::move(batch)); }
  // Whether commit_now() would wait for nothing but the disk. False for output.
  bool can_commit_now(const Batch& batch) const {
    return batch.blobs.empty() && filing_.has_room();
  }
  // On the calling thread, without handing it over and back. Only when all that was submitted came
  // back. Throws what would be a failure.
  Committed commit_now(Batch batch);
  std::vector<Committed> take_committed() { return committed_.take_now(); }
  int fd() const { return committed_.fd(); }
  // For readers of the tables; as long as this lives.
  Filing& filing() { return filing_; }

 private:
  void run();
  std::vector<Committed> commit(std::vector<Batch> batches);
  // What is durable then has this number.
  uint64_t append(const std::vector<SharedChanges>& changes);
  void write_outputs(const Batch& batch);

  ChangeLog log_;
  OutputWriter outputs_;
  DiskSpace space_;
  Specifications specifications_;
  Handoff<Batch> submitted_;
  Handoff<Committed> committed_;
  Filing filing_;
  std::thread thread_;
};

}  // namespace seaworthy::broker
