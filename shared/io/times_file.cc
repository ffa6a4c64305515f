#include "shared/io/times_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "shared/model/limits.h"

namespace seaworthy::io {
namespace {

constexpr size_t kRecordBytes = 12;
constexpr size_t kOffsetBytes = 8;
static_assert(limits::kOutputTimeMs < UINT32_MAX);

void pack(std::string& bytes, const OutputTime& time) {
  const uint64_t ms = time.after_ms ? *time.after_ms + 1 : 0;
  for (size_t i = 0; i < kRecordBytes; ++i)
    bytes.push_back(
        static_cast<char>(i < kOffsetBytes ? time.offset >> 8 * i : ms >> 8 * (i - kOffsetBytes)));
}

OutputTime unpack(const char* bytes) {
  OutputTime time;
  uint64_t ms = 0;
  for (size_t i = 0; i < kRecordBytes; ++i) {
    const uint64_t byte = static_cast<uint8_t>(bytes[i]);
    if (i < kOffsetBytes)
      time.offset |= byte << 8 * i;
    else
      ms |= byte << 8 * (i - kOffsetBytes);
  }
  if (ms > 0) time.after_ms = ms - 1;
  return time;
}

// As many of the records as there are.
OutputTimes read_records(int fd, uint64_t first, size_t most) {
  std::string bytes(most * kRecordBytes, '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = pread(fd, bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(first * kRecordBytes + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    filled += static_cast<size_t>(count);
  }
  OutputTimes records;
  for (size_t at = 0; at + kRecordBytes <= filled; at += kRecordBytes)
    records.push_back(unpack(bytes.data() + at));
  return records;
}

OutputTime read_record(int fd, uint64_t number) {
  const OutputTimes one = read_records(fd, number, 1);
  return one.empty() ? OutputTime{} : one.front();
}

uint64_t count_records(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return 0;
  return static_cast<uint64_t>(status.st_size) / kRecordBytes;
}

// How many of `count` records, from the first on, stand before `offset`, or at it.
uint64_t count_up_to(int fd, uint64_t count, uint64_t offset) {
  uint64_t low = 0, high = count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (read_record(fd, middle).offset <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace

void TimesFile::write(uint64_t from, uint64_t to, const OutputTimes& times) {
  if (from >= to || is_forgotten_) return;
  OutputTimes fresh = times_of(times, from, to);
  if (!fd_ && !open(!fresh.empty())) return;
  const uint64_t at = records_before(from);
  const OutputTime before = at > 0 ? record(at - 1) : OutputTime{};
  if (at + fresh.size() + 2 > limits::kOutputTimes) fresh.clear();
  if (fresh.empty()) {
    if (at < count_ || before.after_ms) put(at, {{from, std::nullopt}});
    return;
  }
  const bool was_known = before.after_ms.has_value();  // and goes on, if nothing else is said
  if (was_known && fresh.front() == OutputTime{from, before.after_ms})
    fresh.erase(fresh.begin());
  else if (was_known && fresh.front().offset > from)
    fresh.insert(fresh.begin(), {from, std::nullopt});
  fresh.push_back({to, std::nullopt});
  put(at, fresh);
}

// What there is already, with an end: without one the last time might not be that of what follows.
bool TimesFile::open(bool make) {
  fd_ = Fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0644));
  if (!fd_) return false;
  count_ = count_records(fd_.get());
  if (count_ == 0) return true;
  const OutputTime last = record(count_ - 1);
  end_ = last.offset;
  if (last.after_ms) put(count_ - 1, {{last.offset, std::nullopt}});
  return !is_forgotten_;
}

OutputTime TimesFile::record(uint64_t number) const { return read_record(fd_.get(), number); }

uint64_t TimesFile::records_before(uint64_t offset) const {
  if (count_ == 0 || offset > end_) return count_;
  if (count_ == 1 || record(count_ - 2).offset < offset) return count_ - 1;
  return offset == 0 ? 0 : count_up_to(fd_.get(), count_, offset - 1);
}

// Instead of all records from number `at` on.
void TimesFile::put(uint64_t at, const OutputTimes& records) {
  std::string bytes;
  for (const OutputTime& time : records) pack(bytes, time);
  const bool is_shorter = at + records.size() < count_;
  if (is_shorter && ftruncate(fd_.get(), static_cast<off_t>(at * kRecordBytes)) != 0)
    return forget();
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = pwrite(fd_.get(), bytes.data() + written, bytes.size() - written,
                                 static_cast<off_t>(at * kRecordBytes + written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return forget();
    written += static_cast<size_t>(count);
  }
  count_ = at + records.size();
  end_ = records.back().offset;
}

void TimesFile::forget() {
  is_forgotten_ = true;
  if (ftruncate(fd_.get(), 0) != 0) unlink(path_.c_str());
  fd_.reset();
}

TimesRead read_times(const std::filesystem::path& file, uint64_t from, uint64_t to) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {{}, to};
  const uint64_t behind = count_up_to(fd.get(), count_records(fd.get()), from);
  const uint64_t first = behind > 0 ? behind - 1 : 0;
  TimesRead result{{}, to};
  uint64_t least = 0;
  for (const OutputTime& time : read_records(fd.get(), first, limits::kTimesPerMessage + 1)) {
    if (time.offset < least) return {{}, to};  // a part of the file was lost
    least = time.offset + 1;
    if (time.offset >= to) break;
    if (result.times.size() == limits::kTimesPerMessage) {
      result.to = time.offset;
      break;
    }
    result.times.push_back({std::max(time.offset, from), time.after_ms});
  }
  result.times = times_of(result.times, from, result.to);
  return result;
}

std::optional<uint64_t> end_of_times(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const uint64_t count = fd ? count_records(fd.get()) : 0;
  if (count == 0) return std::nullopt;
  const OutputTime last = read_record(fd.get(), count - 1);
  return last.after_ms ? std::nullopt : std::optional(last.offset);
}

}  // namespace seaworthy::io
