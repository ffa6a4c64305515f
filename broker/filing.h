// Filing is the thread that brings into the tables what the log made durable. It lets changes
// gather, because a page that many of them touch is written once in a transaction; who wants to
// read what is durable waits for it, and is not let wait. It waits for the disk only once in a
// while, before the log needs its room again: until then the log has what a power failure would
// take from the tables. A failure means that nobody knows what is in the tables: it is handed to
// the poll thread, which ends the process; the log still has all.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/journal/tables.h"

namespace seaworthy::broker {

class Filing {
 public:
  // Takes the tables over. `failed` is called once at most, on the thread of Filing.
  Filing(Tables tables, std::function<void(std::exception_ptr)> failed);
  // Files all that was submitted, then ends the thread.
  ~Filing();

  struct Progress {
    uint64_t filed = 0;    // up to which record all is in the tables
    uint64_t durable = 0;  // and up to which the log is not needed for it
  };

  // What is in that record of the log, of so many bytes. Waits while kUnfiledBytes are not durable.
  // For one thread at a time: Storage's.
  void submit(uint64_t record, std::vector<SharedChanges> changes, uint64_t bytes);
  // Whether it would not wait, as far as can be told before.
  bool has_room() const;
  // For any thread, as the next.
  Progress progress() const;
  // Until that record is filed; throws StoreError if it will not be.
  void wait_for(uint64_t record);

 private:
  void run();
  void file_what_is_there(std::unique_lock<std::mutex>& lock);
  bool is_wanted_now() const;
  bool must_be_durable() const;

  Tables tables_;
  std::function<void(std::exception_ptr)> failed_;
  mutable std::mutex mutex_;
  std::condition_variable wanted_changed_;  // there is something to file, or it is wanted now
  std::condition_variable filed_changed_;
  std::vector<SharedChanges> changes_;  // not filed yet, and not being filed
  uint64_t bytes_ = 0;                  // of all that is not durable in the tables
  uint64_t submitted_ = 0;              // record
  uint64_t wanted_ = 0;                 // record
  Progress progress_;
  bool room_is_needed_ = false;
  bool closed_ = false;
  bool has_failed_ = false;
  std::thread thread_;
};

}  // namespace seaworthy::broker
