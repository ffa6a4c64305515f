#include "worker/leader_process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace seaworthy::worker {
namespace {

std::optional<LeaderReport> parse(std::string_view line) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  const std::string_view rest = line.substr(std::min(space + 1, line.size()));
  if (word == "grew") {
    leader_says::Grew grew;
    std::from_chars(rest.data(), rest.data() + rest.size(), grew.size_bytes);
    return grew;
  }
  if (word == "note") return leader_says::Note{std::string(rest)};
  if (word == "begun") return leader_says::Begun{};
  if (word == "ended") return leader_says::Ended{};
  if (word == "broken") return leader_says::Broken{std::string(rest)};
  return std::nullopt;
}

}  // namespace

LeaderProcess::LeaderProcess(io::Child child, io::Fd control, io::Fd reports)
    : child_(std::move(child)), control_(std::move(control)), reports_(std::move(reports)) {}

Result<LeaderProcess> LeaderProcess::prepare(const std::string& program,
                                             const std::filesystem::path& spool) {
  std::array<int, 2> control{}, reports{};
  if (pipe2(control.data(), O_CLOEXEC) != 0)
    return Unexpected{io::errno_text("cannot make a pipe to a leader")};
  io::Fd control_read(control[0]), control_write(control[1]);
  if (pipe2(reports.data(), O_CLOEXEC) != 0)
    return Unexpected{io::errno_text("cannot make a pipe to a leader")};
  io::Fd reports_read(reports[0]), reports_write(reports[1]);
  fcntl(reports_read.get(), F_SETFL, O_NONBLOCK);
  fcntl(control_write.get(), F_SETFL, O_NONBLOCK);
  io::Spawn spawn;
  spawn.program = program;
  spawn.argv = {std::string(kLeaderName), spool / ""};
  spawn.stdin_fd = control_read.get();
  spawn.extra_fd = reports_write.get();
  spawn.new_session = true;  // no job can ask its questions on the worker's terminal
  auto child = io::spawn(spawn);
  if (!child) return Unexpected{child.error()};
  return LeaderProcess(std::move(*child), std::move(control_write), std::move(reports_read));
}

bool LeaderProcess::begin(const LeaderOptions& options) {
  const std::string packed = pack_leader_options(options);
  const ssize_t count = write(control_.get(), packed.data(), packed.size());
  return count == static_cast<ssize_t>(packed.size());
}

void LeaderProcess::dismiss() {
  constexpr int kMostMs = 2'000;  // on a machine that is very busy
  control_.reset();
  pollfd polled{child_.pidfd.get(), POLLIN, 0};
  poll(&polled, 1, kMostMs);
  (void)exit_code();
}

std::vector<LeaderReport> LeaderProcess::read_reports() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = read(reports_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) reports_.reset();
    if (count <= 0) break;
    partial_line_.append(buffer.data(), static_cast<size_t>(count));
  }
  std::vector<LeaderReport> reports;
  size_t start = 0;
  for (size_t end = 0; (end = partial_line_.find('\n', start)) != std::string::npos;
       start = end + 1) {
    auto report = parse(std::string_view(partial_line_).substr(start, end - start));
    if (report) reports.push_back(std::move(*report));
  }
  partial_line_.erase(0, start);
  return reports;
}

std::optional<int> LeaderProcess::exit_code() {
  pollfd polled{child_.pidfd.get(), POLLIN, 0};
  if (!exit_code_ && poll(&polled, 1, 0) > 0) exit_code_ = io::reap(child_);
  return exit_code_;
}

void LeaderProcess::cancel() { tell(kControlCancel); }
void LeaderProcess::kill() { tell(kControlKill); }

void LeaderProcess::tell(char word) {
  // It fails only when the leader is dead, which its pidfd says too.
  if (write(control_.get(), &word, 1) < 0) control_.reset();
}

}  // namespace seaworthy::worker
