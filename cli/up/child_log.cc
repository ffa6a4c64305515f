#include "cli/up/child_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace seaworthy::cli {
namespace {

constexpr size_t kLookedAtBytes = 16 * 1024;
constexpr size_t kComplaints = 10;
constexpr size_t kDate = 24;  // "2026-11-21 05:23:55.123 "

bool has_date(std::string_view line) {
  return line.size() > kDate && line[4] == '-' && line[13] == ':' && line[19] == '.' &&
         line[kDate - 1] == ' ';
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string_view without_date(std::string_view line) {
  return has_date(line) ? line.substr(kDate) : line;
}

std::optional<Complaint> complaint_of(std::string_view line) {
  if (!has_date(line)) return std::nullopt;
  const std::string_view rest = line.substr(kDate);
  const bool is_warning = rest.starts_with("warn");
  if (!is_warning && !rest.starts_with("error") && !rest.starts_with("critical"))
    return std::nullopt;
  const size_t program_ends = std::min(rest.find(": "), rest.size());
  return Complaint{!is_warning, std::string(rest.substr(std::min(program_ends + 2, rest.size())))};
}

Result<ChildLog> ChildLog::open(const std::filesystem::path& file) {
  io::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) return Unexpected{io::errno_text("cannot open the log " + file.string())};
  return ChildLog(file, std::move(fd));
}

ChildLog::ChildLog(std::filesystem::path file, io::Fd fd)
    : file_(std::move(file)), fd_(std::move(fd)) {
  life_ = seen_ = size();
}

uint64_t ChildLog::size() const {
  struct stat status {};
  return fstat(fd_.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

std::string ChildLog::read_from(uint64_t offset, size_t most) const {
  std::string text(most, '\0');
  const ssize_t count = pread(fd_.get(), text.data(), text.size(), static_cast<off_t>(offset));
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

void ChildLog::start_life() { life_ = size(); }

std::vector<std::string> ChildLog::last_lines(size_t most) const {
  const uint64_t end = size();
  const uint64_t from = std::max(life_, end > kLookedAtBytes ? end - kLookedAtBytes : 0);
  const std::string text = read_from(from, kLookedAtBytes);
  std::vector<std::string> last;
  for (std::string_view line : lines_of(text)) last.emplace_back(without_date(line));
  if (last.size() > most) last.erase(last.begin(), last.end() - static_cast<ptrdiff_t>(most));
  return last;
}

std::vector<Complaint> ChildLog::new_complaints() {
  const uint64_t end = size();
  seen_ = std::clamp(seen_, end > kLookedAtBytes ? end - kLookedAtBytes : 0, end);
  std::string text = read_from(seen_, kLookedAtBytes);
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  seen_ += text.size();
  std::vector<Complaint> complaints;
  for (std::string_view line : lines_of(text))
    if (auto complaint = complaint_of(line); complaint && complaints.size() < kComplaints)
      complaints.push_back(std::move(*complaint));
  return complaints;
}

}  // namespace seaworthy::cli
