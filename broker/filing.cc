#include "broker/filing.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/change_log.h"
#include "broker/journal/store_error.h"

namespace seaworthy::broker {
namespace {

// For more to come. A person does not see it, and a start after a crash has as little to file.
constexpr std::chrono::milliseconds kGather{50};
constexpr const char* kFailed = "the store has failed; the broker's log says why";

}  // namespace

Filing::Filing(Tables tables, std::function<void(std::exception_ptr)> failed)
    : tables_(std::move(tables)),
      failed_(std::move(failed)),
      submitted_(tables_.filed()),
      progress_{submitted_, submitted_},
      thread_([this] { run(); }) {}

Filing::~Filing() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wanted_changed_.notify_one();
  thread_.join();
}

void Filing::submit(uint64_t record, std::vector<SharedChanges> changes, uint64_t bytes) {
  std::unique_lock lock(mutex_);
  const auto fits = [&] { return bytes_ == 0 || bytes_ + bytes <= kUnfiledBytes || has_failed_; };
  if (!fits()) {
    room_is_needed_ = true;
    wanted_changed_.notify_one();
    filed_changed_.wait(lock, fits);
  }
  if (has_failed_) throw StoreError(kFailed);
  const bool was_idle = changes_.empty();
  for (SharedChanges& some : changes) changes_.push_back(std::move(some));
  bytes_ += bytes;
  submitted_ = record;
  if (was_idle) wanted_changed_.notify_one();
}

bool Filing::has_room() const {
  std::lock_guard lock(mutex_);
  return bytes_ <= kUnfiledBytes / 2;
}

Filing::Progress Filing::progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

void Filing::wait_for(uint64_t record) {
  std::unique_lock lock(mutex_);
  if (progress_.filed >= record) return;
  wanted_ = std::max(wanted_, record);
  wanted_changed_.notify_one();
  filed_changed_.wait(lock, [&] { return progress_.filed >= record || has_failed_; });
  if (progress_.filed < record) throw StoreError(kFailed);
}

void Filing::run() {
  pthread_setname_np(pthread_self(), "filing");
  std::unique_lock lock(mutex_);
  try {
    while (!closed_ || progress_.durable < submitted_) {
      wanted_changed_.wait(lock, [this] { return is_wanted_now() || !changes_.empty(); });
      wanted_changed_.wait_for(lock, kGather, [this] { return is_wanted_now(); });
      file_what_is_there(lock);
    }
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    has_failed_ = true;
    filed_changed_.notify_all();
    failed_(std::current_exception());
  }
}

bool Filing::is_wanted_now() const {
  return closed_ || room_is_needed_ || wanted_ > progress_.filed;
}

bool Filing::must_be_durable() const {
  return closed_ || room_is_needed_ || bytes_ > kUnfiledBytes / 2;
}

void Filing::file_what_is_there(std::unique_lock<std::mutex>& lock) {
  std::vector<SharedChanges> changes = std::exchange(changes_, {});
  const uint64_t bytes = bytes_, record = submitted_;
  const Durability durability = must_be_durable() ? Durability::Now : Durability::Later;
  lock.unlock();
  tables_.file(changes, record, durability);
  changes.clear();  // which may be the last to know them
  lock.lock();
  progress_.filed = record;
  if (durability == Durability::Now) {
    progress_.durable = record;
    bytes_ -= bytes;
    room_is_needed_ = false;
  }
  filed_changed_.notify_all();
}

}  // namespace seaworthy::broker
