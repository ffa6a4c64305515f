#include "watcher/webhooks/record.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "shared/io/file.h"

namespace seaworthy::watcher {
namespace {

namespace fs = std::filesystem;

Result<Done> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unexpected{io::errno_text("cannot write")};
    text.remove_prefix(static_cast<size_t>(count));
  }
  if (fdatasync(fd) != 0) return Unexpected{io::errno_text("cannot make durable")};
  return Done{};
}

// TIME FORGE DIGEST REPOSITORY
std::string digest_in(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  const size_t third = line.find(' ', second + 1);
  if (first == std::string_view::npos || second == std::string_view::npos ||
      third == std::string_view::npos)
    return {};
  return std::string(line.substr(second + 1, third - second - 1));
}

std::string without_line_ends(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return text;
}

}  // namespace

Result<DeliveryRecord> DeliveryRecord::open(const fs::path& file) {
  DeliveryRecord record(file);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::string text;
  if (fs::exists(file, error)) {
    auto read = io::read_file(file);
    if (!read) return Unexpected{read.error()};
    text = std::move(*read);
  }
  std::string_view left = text;
  for (size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
    const std::string_view line = left.substr(0, end);
    if (std::string digest = digest_in(line); !digest.empty())
      record.remember(std::string(line), std::move(digest));
    left.remove_prefix(end + 1);
  }
  if (auto written = record.rewrite(); !written) return Unexpected{written.error()};
  return record;
}

Result<Done> DeliveryRecord::add(const Delivery& delivery, const std::string& repository,
                                 UnixMillis at) {
  if (lines_in_file_ >= 2 * kKept)
    if (auto written = rewrite(); !written) return written;
  std::string line = std::to_string(at.value) + " " + std::string(to_string(delivery.forge)) + " " +
                     delivery.digest + " " + without_line_ends(repository);
  if (auto written = write_all(fd_.get(), line + "\n"); !written) {
    const std::string why = written.error() + " " + file_.string();
    // What came of it is not known: the next one begins with a whole file.
    lines_in_file_ = 2 * kKept;
    return Unexpected{why};
  }
  ++lines_in_file_;
  remember(std::move(line), delivery.digest);
  return Done{};
}

void DeliveryRecord::remember(std::string line, std::string digest) {
  if (!known_.insert(digest).second) return;
  lines_.push_back({std::move(line), std::move(digest)});
  if (lines_.size() <= kKept) return;
  known_.erase(lines_.front().digest);
  lines_.pop_front();
}

Result<Done> DeliveryRecord::rewrite() {
  const fs::path beside = file_.string() + ".new";
  io::Fd out(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!out) return Unexpected{io::errno_text("cannot record deliveries in " + beside.string())};
  std::string text;
  for (const Line& line : lines_) text += line.text + "\n";
  if (auto written = write_all(out.get(), text); !written)
    return Unexpected{written.error() + " " + beside.string()};
  if (::rename(beside.c_str(), file_.c_str()) != 0)
    return Unexpected{io::errno_text("cannot rename " + beside.string())};
  const io::Fd directory(::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || fsync(directory.get()) != 0)
    return Unexpected{io::errno_text("cannot make durable " + file_.parent_path().string())};
  fd_ = std::move(out);
  lines_in_file_ = lines_.size();
  return Done{};
}

}  // namespace seaworthy::watcher
