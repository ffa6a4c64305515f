#include "broker/change_log.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "broker/files.h"
#include "broker/journal/store_error.h"
#include "shared/base/assert.h"
#include "shared/io/file.h"

namespace seaworthy::broker {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kNames{"changes-0.log", "changes-1.log"};
// Then it is the other one's turn.
constexpr uint64_t kTurnBytes = 2 * 1024 * 1024;
static_assert(kTurnBytes > kUnfiledBytes, "the other one is free when its turn comes");
// By which a file grows: the file system has as many commits of its own less.
constexpr uint64_t kGrowBytes = 1024 * 1024;

constexpr size_t kHashBytes = 16, kNumberAt = 16, kLengthAt = 24, kHeaderBytes = 32;

void put(std::string& record, size_t at, uint64_t value) {
  for (size_t i = 0; i < 8; ++i) record[at + i] = static_cast<char>(value >> 8 * i);
}

uint64_t get(std::string_view record, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= uint64_t{static_cast<uint8_t>(record[at + i])} << 8 * i;
  return value;
}

// Of what follows it.
std::string hash_of(std::string_view record) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(record.data()) + kHashBytes,
         record.size() - kHashBytes, digest.data());
  return {reinterpret_cast<const char*>(digest.data()), kHashBytes};
}

// The record at the beginning; nothing if none is there.
std::string_view first_record(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return {};
  const uint64_t length = get(bytes, kLengthAt);
  if (length > bytes.size() - kHeaderBytes) return {};
  const std::string_view record = bytes.substr(0, kHeaderBytes + length);
  return record.substr(0, kHashBytes) == hash_of(record) ? record : std::string_view{};
}

// Only the last record, which was being written, may be one that is not whole: none follows it.
bool is_followed(std::string_view bytes, uint64_t number) {
  if (bytes.size() < kHeaderBytes || get(bytes, kNumberAt) != number) return false;
  const uint64_t length = get(bytes, kLengthAt);
  if (length > bytes.size() - kHeaderBytes) return false;
  const std::string_view next = first_record(bytes.substr(kHeaderBytes + length));
  return !next.empty() && get(next, kNumberAt) == number + 1;
}

}  // namespace

ChangeLog::ChangeLog(fs::path state) {
  for (size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    file.path = state / kNames[i];
    file.fd = io::Fd(::open(file.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    struct stat status {};
    if (!file.fd || fstat(file.fd.get(), &status) != 0) fail("open", file.path);
    file.size = static_cast<uint64_t>(status.st_size);
  }
  sync_folder(state);
}

std::vector<ChangeLog::Record> ChangeLog::after(uint64_t filed) const {
  std::vector<Record> records;
  for (const File& file : files_) {
    Result<std::string> bytes = io::read_file(file.path);
    if (!bytes) throw StoreError(bytes.error());
    std::string_view rest = *bytes;
    uint64_t expected = rest.size() < kHeaderBytes ? 0 : get(rest, kNumberAt);
    for (std::string_view record = first_record(rest); !record.empty();
         record = first_record(rest)) {
      if (get(record, kNumberAt) != expected) break;
      if (expected > filed) records.push_back({expected, std::string(record.substr(kHeaderBytes))});
      ++expected;
      rest.remove_prefix(record.size());
    }
    if (expected > filed && is_followed(rest, expected))
      throw StoreError("cannot use the store: record " + std::to_string(expected) + " in " +
                       file.path.string() +
                       " is damaged, and the ones after it are not: restore a copy of the store "
                       "(docs/storage.md)");
  }
  std::sort(records.begin(), records.end(),
            [](const Record& one, const Record& other) { return one.number < other.number; });
  uint64_t expected = filed + 1;
  for (const Record& record : records)
    if (record.number != expected++)
      throw StoreError("cannot use the store in " + files_[0].path.parent_path().string() +
                       ": the database has the changes up to record " + std::to_string(filed) +
                       " of the log, and the log has record " + std::to_string(record.number) +
                       ", but not all between them: they are not of the same time. A restored "
                       "database needs a directory without the log of another (" +
                       kNames[0] + ", " + kNames[1] + "; docs/storage.md)");
  return records;
}

void ChangeLog::begin_after(uint64_t filed) {
  for (File& file : files_) file.end = file.last = 0;
  last_ = filed;
}

uint64_t ChangeLog::append(std::string_view changes, uint64_t filed) {
  if (files_[turn_].end >= kTurnBytes) {
    turn_ = 1 - turn_;
    SW_ASSERT(files_[turn_].last <= filed);
    files_[turn_].end = 0;
  }
  File& file = files_[turn_];
  std::string record(kHeaderBytes, '\0');
  put(record, kNumberAt, last_ + 1);
  put(record, kLengthAt, changes.size());
  record += changes;
  record.replace(0, kHashBytes, hash_of(record));
  make_room(file, record.size());
  write_all(file.fd.get(), record, file.end, file.path);
  if (fdatasync(file.fd.get()) != 0) fail("make durable", file.path);
  file.end += record.size();
  file.last = ++last_;
  return last_;
}

// With zeros that are written: room that is only reserved costs a commit of the file system when it
// is first used.
void ChangeLog::make_room(File& file, uint64_t bytes) {
  const uint64_t needed = file.end + bytes;
  if (needed <= file.size) return;
  const uint64_t size = (needed + kGrowBytes - 1) / kGrowBytes * kGrowBytes;
  write_all(file.fd.get(), std::string(size - file.size, '\0'), file.size, file.path);
  file.size = size;
}

}  // namespace seaworthy::broker
