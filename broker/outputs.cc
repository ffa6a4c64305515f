#include "broker/outputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <stdexcept>

#include "broker/journal/store_error.h"

namespace seaworthy::broker {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOpenFiles = 256;
constexpr size_t kFrameBytes = 1024 * 1024;
constexpr uint64_t kWorthCompressing = 16 * 1024;
constexpr int kCompressionLevel = 3;  // measured elsewhere: level 1 and 3 cost the same on logs

fs::path folder_of(const fs::path& directory, AttemptKey attempt) {
  return directory / std::to_string(attempt.job.value / 1000);
}

fs::path path_of(const fs::path& directory, AttemptKey attempt, const char* ending) {
  return folder_of(directory, attempt) /
         (std::to_string(attempt.job.value) + "." + std::to_string(attempt.attempt.value) + ending);
}

[[noreturn]] void fail(const std::string& attempted, const fs::path& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  const std::string text = io::errno_text("cannot " + attempted + " " + path.string());
  if (full) throw OutOfSpace(text);
  throw std::runtime_error(text);
}

void sync_folder(const fs::path& folder) {
  io::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) fail("make durable", folder);
}

void write_all(int fd, std::string_view bytes, uint64_t offset, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("write", path);
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

std::string read_range(int fd, uint64_t offset, size_t size, const fs::path& path) {
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count =
        pread(fd, bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", path);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

// Walks the frames by their headers to the one that holds `offset`, and unpacks from there.
std::string read_compressed(int fd, uint64_t offset, size_t size, const fs::path& path) {
  constexpr size_t kMostFrameBytes = kFrameBytes + kFrameBytes / 8;
  std::string result;
  uint64_t file_offset = 0, text_offset = 0;
  while (result.size() < size) {
    const std::string packed = read_range(fd, file_offset, kMostFrameBytes, path);
    if (packed.empty()) break;
    const size_t frame = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
    const unsigned long long text = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (ZSTD_isError(frame) || text > kFrameBytes)
      throw std::runtime_error("cannot read " + path.string() + ": it is damaged");
    if (offset < text_offset + text) {
      std::string unpacked(text, '\0');
      if (ZSTD_isError(ZSTD_decompress(unpacked.data(), unpacked.size(), packed.data(), frame)))
        throw std::runtime_error("cannot read " + path.string() + ": it is damaged");
      const size_t from = offset > text_offset ? static_cast<size_t>(offset - text_offset) : 0;
      result.append(unpacked, from, size - result.size());
    }
    file_offset += frame;
    text_offset += text;
  }
  return result;
}

}  // namespace

OutputWriter::OutputWriter(fs::path directory) : directory_(std::move(directory)) {
  fs::create_directories(directory_);
}

void OutputWriter::write(AttemptKey attempt, uint64_t offset, std::string_view bytes) {
  File& file = open(attempt);
  write_all(file.fd.get(), bytes, offset, path_of(directory_, attempt, ".log"));
  file.dirty = true;
}

void OutputWriter::sync() {
  for (auto& [attempt, file] : files_) {
    if (!file.dirty) continue;
    if (fdatasync(file.fd.get()) != 0) fail("make durable", path_of(directory_, attempt, ".log"));
    file.dirty = false;
  }
}

void OutputWriter::close(AttemptKey attempt) {
  auto found = files_.find(attempt);
  if (found == files_.end()) return;
  turns_.erase(found->second.turn);
  files_.erase(found);
}

OutputWriter::File& OutputWriter::open(AttemptKey attempt) {
  if (auto found = files_.find(attempt); found != files_.end()) {
    turns_.splice(turns_.end(), turns_, found->second.turn);
    return found->second;
  }
  if (files_.size() >= kOpenFiles) {
    sync();
    close(turns_.front());
  }
  const fs::path folder = folder_of(directory_, attempt);
  const bool new_folder = mkdir(folder.c_str(), 0755) == 0;
  if (!new_folder && errno != EEXIST) fail("create", folder);
  const fs::path path = path_of(directory_, attempt, ".log");
  io::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) fail("create", path);
  sync_folder(folder);
  if (new_folder) sync_folder(directory_);
  turns_.push_back(attempt);
  return files_.emplace(attempt, File{std::move(fd), false, std::prev(turns_.end())}).first->second;
}

std::string read_output(const fs::path& directory, AttemptKey attempt, uint64_t offset,
                        uint64_t extent, size_t most) {
  if (offset >= extent) return {};
  const size_t size = static_cast<size_t>(std::min<uint64_t>(most, extent - offset));
  // Plain, compressed, plain: between the first two looks it may have been replaced.
  for (const char* ending : {".log", ".log.zst"}) {
    const fs::path path = path_of(directory, attempt, ending);
    io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) continue;
    return std::string_view(ending) == ".log" ? read_range(fd.get(), offset, size, path)
                                              : read_compressed(fd.get(), offset, size, path);
  }
  fail("read", path_of(directory, attempt, ".log"));
}

std::vector<AttemptKey> stored_outputs(const fs::path& directory) {
  std::vector<AttemptKey> attempts;
  for (const auto& folder : fs::directory_iterator(directory)) {
    if (!folder.is_directory()) continue;
    for (const auto& file : fs::directory_iterator(folder)) {
      AttemptKey key;
      char dot = 0;
      if (std::istringstream(file.path().filename().string()) >> key.job.value >> dot >>
              key.attempt.value &&
          dot == '.')
        attempts.push_back(key);
    }
  }
  return attempts;
}

void remove_output(const fs::path& directory, AttemptKey attempt) {
  std::error_code ignored;  // what stays is swept at the next start
  for (const char* ending : {".log", ".log.zst", ".log.zst.part"})
    fs::remove(path_of(directory, attempt, ending), ignored);
  fs::remove(folder_of(directory, attempt), ignored);  // if that was the last one
}

void compress_output(const fs::path& directory, AttemptKey attempt, uint64_t extent) {
  if (extent < kWorthCompressing) return;
  const fs::path plain = path_of(directory, attempt, ".log");
  const fs::path packed = path_of(directory, attempt, ".log.zst");
  const fs::path unfinished = path_of(directory, attempt, ".log.zst.part");
  io::Fd in(::open(plain.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return;  // done before
  io::Fd out(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out) fail("create", unfinished);
  std::string frame(ZSTD_compressBound(kFrameBytes), '\0');
  uint64_t written = 0;
  for (uint64_t offset = 0; offset < extent; offset += kFrameBytes) {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(kFrameBytes, extent - offset));
    const std::string text = read_range(in.get(), offset, size, plain);
    const size_t count =
        ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), kCompressionLevel);
    if (ZSTD_isError(count)) throw std::runtime_error("cannot compress " + plain.string());
    write_all(out.get(), std::string_view(frame).substr(0, count), written, unfinished);
    written += count;
  }
  if (fsync(out.get()) != 0) fail("make durable", unfinished);
  fs::rename(unfinished, packed);
  sync_folder(folder_of(directory, attempt));
  fs::remove(plain);
}

}  // namespace seaworthy::broker
