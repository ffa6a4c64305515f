#include "worker/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "shared/model/limits.h"

namespace seaworthy::worker {
namespace {

bool is_worth_keeping(const std::optional<OutputTime>& last, uint64_t now_ms) {
  constexpr auto kEvery = static_cast<uint64_t>(limits::kOutputTimeEvery.count());
  if (!last || !last->after_ms) return !last;
  return now_ms - *last->after_ms >= std::max(kEvery, now_ms / limits::kOutputTimePart);
}

// Room for the line that says what was left out, with two 20-digit numbers.
constexpr uint64_t kMarkerBytes = 128;

}  // namespace

OutputLog::OutputLog(const std::filesystem::path& file, uint64_t cap_bytes)
    : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644)),
      head_cap_(cap_bytes / 2),
      tail_cap_(cap_bytes - head_cap_ - std::min(kMarkerBytes, cap_bytes / 4)) {
  if (!file_) problem_ = io::errno_text("cannot write " + file.string());
}

void OutputLog::keep_times(const std::filesystem::path& file,
                           std::function<uint64_t()> elapsed_ms) {
  times_.emplace(file);
  elapsed_ms_ = std::move(elapsed_ms);
}

void OutputLog::append(std::string_view bytes) {
  if (bytes.empty()) return;
  keep_time();  // first: who sees the bytes finds it
  appended_ += bytes.size();
  at_line_start_ = bytes.back() == '\n';
  if (tail_.empty() && written_ < head_cap_) {
    const size_t count = std::min<uint64_t>(bytes.size(), head_cap_ - written_);
    write_out(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
  keep_in_tail(bytes);
}

uint64_t OutputLog::append_line(std::string_view line) {
  std::string text = at_line_start_ ? "" : "\n";
  const uint64_t begin = appended_ + text.size();
  text.append(line).append("\n");
  append(text);
  return begin;
}

void OutputLog::keep_in_tail(std::string_view bytes) {
  const size_t room = std::min<uint64_t>(bytes.size(), tail_cap_ - tail_.size());
  tail_.append(bytes.substr(0, room));
  bytes.remove_prefix(room);
  left_out_ += bytes.size();
  if (bytes.size() > tail_cap_) bytes.remove_prefix(bytes.size() - tail_cap_);
  while (!bytes.empty()) {
    const size_t count = std::min<uint64_t>(bytes.size(), tail_.size() - tail_start_);
    tail_.replace(tail_start_, count, bytes.substr(0, count));
    tail_start_ = (tail_start_ + count) % tail_.size();
    bytes.remove_prefix(count);
  }
}

// A time of the head is written at once, as that of all that follows; those of the tail when it is
// known where in the file it stands.
void OutputLog::keep_time() {
  if (!times_) return;
  const uint64_t now_ms = elapsed_ms_();
  if (!is_worth_keeping(last_time_, now_ms)) return;
  last_time_ = {appended_, now_ms};
  if (now_ms > limits::kOutputTimeMs) last_time_->after_ms.reset();  // and so it stays
  const bool is_of_head = tail_.empty() && written_ < head_cap_;
  if (is_of_head && last_time_->after_ms)
    times_->write(appended_, UINT64_MAX, {*last_time_});
  else if (is_of_head)
    times_->end_at(appended_);
  if (is_of_head) times_of_tail_.clear();
  times_of_tail_.push_back(*last_time_);
  const uint64_t tail_begins = written_ + left_out_;
  while (times_of_tail_.size() > limits::kOutputTimes ||
         (times_of_tail_.size() > 1 && times_of_tail_[1].offset <= tail_begins))
    times_of_tail_.pop_front();
}

void OutputLog::finish_times(const Whole& whole) {
  if (!times_) return;
  times_->end_at(whole.left_out_from);
  if (!problem_.empty()) return;
  const uint64_t tail_begins = whole.left_out_from + whole.left_out_bytes;
  OutputTimes times =
      times_of({times_of_tail_.begin(), times_of_tail_.end()}, tail_begins, appended_);
  for (OutputTime& time : times) time.offset = whole.place_of(time.offset);
  times_->write(whole.place_of(tail_begins), whole.bytes, times);
  times_->end_at(whole.bytes);
}

void OutputLog::write_out(std::string_view bytes) {
  while (!bytes.empty() && problem_.empty()) {
    const ssize_t count = write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      problem_ = io::errno_text("cannot write the job's output");
      return;
    }
    digest_.add(bytes.substr(0, static_cast<size_t>(count)));
    written_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

OutputLog::Whole OutputLog::finish() {
  const uint64_t left_out_from = written_;
  if (left_out_ > 0)
    write_out("\n==> " + std::to_string(left_out_) + " bytes of output were left out here\n");
  const uint64_t marker_bytes = written_ - left_out_from;
  write_out(std::string_view(tail_).substr(tail_start_));
  write_out(std::string_view(tail_).substr(0, tail_start_));
  tail_.clear();
  const Whole whole{written_, digest_.hex(), left_out_ > 0, left_out_from, left_out_, marker_bytes};
  finish_times(whole);
  return whole;
}

uint64_t OutputLog::Whole::place_of(uint64_t appended) const {
  if (appended <= left_out_from) return appended;
  if (appended < left_out_from + left_out_bytes) return left_out_from;
  return appended - left_out_bytes + marker_bytes;
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const io::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  io::Sha256 digest;
  std::array<char, 65536> buffer;
  ssize_t count = 0;
  while ((count = read(fd.get(), buffer.data(), buffer.size())) > 0)
    digest.add({buffer.data(), static_cast<size_t>(count)});
  return digest.hex();
}

}  // namespace seaworthy::worker
