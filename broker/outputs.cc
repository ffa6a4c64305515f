#include "broker/outputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "broker/files.h"
#include "broker/journal/store_error.h"

namespace seaworthy::broker {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOpenFiles = 256;
constexpr size_t kKnownFiles = 64;  // whose frames are remembered, eight bytes for each
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

[[noreturn]] void damaged(const fs::path& path) {
  throw std::runtime_error("cannot read " + path.string() + ": it is damaged");
}

// Walks the frames by their headers: the whole file is looked at, once.
std::vector<uint64_t> find_frames(int fd, const fs::path& path) {
  constexpr size_t kMostFrameBytes = kFrameBytes + kFrameBytes / 8;
  std::vector<uint64_t> begins;
  uint64_t window_at = 0;
  size_t used = 0;
  std::string window;
  for (;;) {
    const size_t left = window.size() - used;
    const size_t frame = left == 0 ? 0 : ZSTD_findFrameCompressedSize(window.data() + used, left);
    if (frame != 0 && !ZSTD_isError(frame)) {
      begins.push_back(window_at + used);
      used += frame;
      continue;
    }
    if (used == 0 && left > 0) damaged(path);  // and no frame, although one would fit
    window_at += std::exchange(used, 0);
    window = read_range(fd, window_at, kMostFrameBytes, path);
    if (window.empty()) break;
  }
  begins.push_back(window_at);
  return begins;
}

}  // namespace

OutputWriter::OutputWriter(fs::path directory) : directory_(std::move(directory)) {
  fs::create_directories(directory_);
}

void OutputWriter::write(AttemptKey attempt, uint64_t offset, std::string_view bytes,
                         const OutputTimes& times) {
  File& file = open(attempt);
  file.times.write(offset, offset + bytes.size(), times);
  write_all(file.fd.get(), bytes, offset, path_of(directory_, attempt, ".log"));
  file.dirty = true;
}

// The disk begins with all of them before it is waited for: a hundred files cost little more than
// one.
void OutputWriter::sync() {
  for (const auto& [attempt, file] : files_)
    if (file.dirty) sync_file_range(file.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
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
  io::TimesFile times(path_of(directory_, attempt, ".times"));
  return files_
      .emplace(attempt, File{std::move(fd), std::move(times), false, std::prev(turns_.end())})
      .first->second;
}

std::string OutputReader::read(AttemptKey attempt, uint64_t offset, uint64_t extent, size_t most) {
  if (offset >= extent) return {};
  const size_t size = static_cast<size_t>(std::min<uint64_t>(most, extent - offset));
  // Plain, compressed, plain: between the first two looks it may have been replaced.
  for (const char* ending : {".log", ".log.zst"}) {
    const fs::path path = path_of(directory_, attempt, ending);
    io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) continue;
    return std::string_view(ending) == ".log"
               ? read_range(fd.get(), offset, size, path)
               : read_compressed(attempt, fd.get(), offset, size, path);
  }
  fail("read", path_of(directory_, attempt, ".log"));
}

io::TimesRead OutputReader::read_times(AttemptKey attempt, uint64_t from, uint64_t to) const {
  return io::read_times(path_of(directory_, attempt, ".times"), from, to);
}

std::string OutputReader::read_compressed(AttemptKey attempt, int fd, uint64_t offset, size_t size,
                                          const fs::path& path) {
  const Frames& frames = frames_of(attempt, fd, path);
  std::string result;
  size_t frame = static_cast<size_t>(offset / kFrameBytes);
  size_t from = static_cast<size_t>(offset % kFrameBytes);
  for (; result.size() < size && frame + 1 < frames.size(); ++frame, from = 0) {
    if (unpacked_.empty() || unpacked_of_ != attempt || unpacked_frame_ != frame) {
      const std::string packed = read_range(
          fd, frames[frame], static_cast<size_t>(frames[frame + 1] - frames[frame]), path);
      unpacked_.assign(kFrameBytes, '\0');
      const size_t text =
          ZSTD_decompress(unpacked_.data(), unpacked_.size(), packed.data(), packed.size());
      const bool is_last = frame + 2 == frames.size();
      unpacked_.resize(ZSTD_isError(text) ? 0 : text);
      if (ZSTD_isError(text) || (text != kFrameBytes && !is_last)) damaged(path);
      unpacked_of_ = attempt;
      unpacked_frame_ = frame;
    }
    if (from >= unpacked_.size()) break;
    result.append(unpacked_, from, size - result.size());
  }
  return result;
}

const OutputReader::Frames& OutputReader::frames_of(AttemptKey attempt, int fd,
                                                    const fs::path& path) {
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const auto& known) { return known.first == attempt; });
  if (found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
  } else {
    known_.emplace_front(attempt, find_frames(fd, path));
    if (known_.size() > kKnownFiles) known_.pop_back();
  }
  return known_.front().second;
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
  for (const char* ending : {".log", ".log.zst", ".log.zst.part", ".times"})
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
