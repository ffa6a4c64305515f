#include "worker/leader/job_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "shared/base/assert.h"
#include "shared/io/clock.h"
#include "shared/io/signals.h"
#include "worker/leader_protocol.h"
#include "worker/tree.h"

namespace seaworthy::worker {
namespace {

// A line of output is at the broker long before 200 ms, and a chatty job costs 50 wake-ups a
// second.
constexpr Duration kGrowthEvery{20};
// A process in the kernel's hands (a dead network disk) may resist KILL; people must hear of it.
constexpr int kKillForMs = 30'000;
constexpr Duration kVeryLong{3'600'000};
constexpr int kPipeBytes =
    256 * 1024;  // fewer switches between job and leader; the default is 64 KiB

void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

JobRun::JobRun(OutputLog& log, const Group& group, Duration kill_grace)
    : log_(log), group_(group), kill_grace_(kill_grace) {
  std::array<int, 2> ends{};
  SW_ASSERT(pipe2(ends.data(), O_CLOEXEC) == 0);
  pipe_read_ = io::Fd(ends[0]);
  pipe_write_ = io::Fd(ends[1]);
  fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  set_nonblocking(pipe_read_.get());
  set_nonblocking(kControlFd);
  set_nonblocking(kReportFd);
  // The terminal's and the service manager's signals are the worker's to answer.
  child_signals_ = io::block_signals({SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT});
}

std::optional<int> JobRun::wait_for(pid_t child) {
  for (;;) {
    if (auto ended = ended_.find(child); ended != ended_.end()) {
      const int exit_code = ended->second;
      ended_.erase(ended);
      read_what_is_there();
      return exit_code;
    }
    if (stop_ != Stop::None) return std::nullopt;
    wait_once(kVeryLong);
  }
}

JobRun::Ended JobRun::end_all() {
  Ended result;
  deadline_.reset();
  reap();
  std::vector<pid_t> left = descendants();
  result.left = left.size();
  if (!left.empty() && stop_ != Stop::Killed && !worker_gone_) {
    signal_all(left, SIGTERM);
    const Instant until = io::now() + kill_grace_;
    while (!left.empty() && io::now() < until && stop_ != Stop::Killed && !worker_gone_) {
      wait_once(until - io::now());
      left = descendants();
    }
  }
  result.forced = left.size();
  if (!left.empty()) group_.kill();
  if (!left.empty()) result.surviving = kill_descendants(kKillForMs);
  reap();
  read_what_is_there();
  return result;
}

// ---- waiting

void JobRun::wait_once(Duration most) {
  const Instant now = io::now();
  if (deadline_) most = std::min(most, *deadline_ - now);
  if (reported_bytes_ != log_.size_bytes() && unsent_reports_.empty())
    most = std::min(most, reported_at_ + kGrowthEvery - now);
  const auto timeout_ms = static_cast<int>(std::clamp(most, Duration{0}, kVeryLong).count());
  std::array<pollfd, 4> polled{{{worker_gone_ ? -1 : kControlFd, POLLIN, 0},
                                {pipe_read_.get(), POLLIN, 0},
                                {child_signals_.get(), POLLIN, 0},
                                {unsent_reports_.empty() ? -1 : kReportFd, POLLOUT, 0}}};
  if (poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) return;
  if (polled[0].revents != 0) hear_worker();
  if (polled[1].revents != 0) read_output(kPipeBytes);
  if (polled[2].revents != 0) reap();
  if (polled[3].revents != 0) flush_reports();
  report_growth();
  if (deadline_ && io::now() >= *deadline_) stop_because(Stop::TimedOut);
  if (!log_.problem().empty()) stop_because(Stop::OutputFailed);
}

void JobRun::hear_worker() {
  std::array<char, 16> words{};
  const ssize_t count = read(kControlFd, words.data(), words.size());
  if (count == 0) {
    worker_gone_ = true;
    stop_ = Stop::Killed;
  }
  for (ssize_t i = 0; i < count; ++i) {
    if (words[static_cast<size_t>(i)] == kControlKill) stop_ = Stop::Killed;
    if (words[static_cast<size_t>(i)] == kControlCancel) stop_because(Stop::Cancelled);
  }
}

void JobRun::stop_because(Stop why) {
  if (stop_ == Stop::None) stop_ = why;
}

void JobRun::read_output(size_t most_bytes) {
  std::array<char, 65536> buffer;
  while (most_bytes > 0) {
    const ssize_t count =
        read(pipe_read_.get(), buffer.data(), std::min(buffer.size(), most_bytes));
    if (count <= 0) return;
    if (!first_output_) first_output_ = io::wall_now();
    log_.append({buffer.data(), static_cast<size_t>(count)});
    most_bytes -= static_cast<size_t>(count);
  }
}

// No more than is in the pipe now: a process in the background may write for ever.
void JobRun::read_what_is_there() {
  int bytes = 0;
  if (ioctl(pipe_read_.get(), FIONREAD, &bytes) == 0 && bytes > 0)
    read_output(static_cast<size_t>(bytes));
}

void JobRun::reap() {
  while (io::next_signal(child_signals_)) {
  }
  ended_.merge(reap_ended());
}

// ---- speaking

void JobRun::report_growth() {
  const Instant now = io::now();
  if (reported_bytes_ == log_.size_bytes() || now < reported_at_ + kGrowthEvery) return;
  // A worker that does not read is told the newest size when it does.
  if (!unsent_reports_.empty()) return;
  reported_bytes_ = log_.size_bytes();
  reported_at_ = now;
  tell("grew " + std::to_string(reported_bytes_));
}

void JobRun::tell(const std::string& line) {
  if (worker_gone_) return;
  unsent_reports_ += line;
  // What a job or git brought along must not be taken for a line of its own.
  std::replace(unsent_reports_.end() - static_cast<std::ptrdiff_t>(line.size()),
               unsent_reports_.end(), '\n', ' ');
  unsent_reports_ += '\n';
  flush_reports();
}

void JobRun::tell_at_last(const std::string& line) {
  tell(line);
  while (!unsent_reports_.empty() && !worker_gone_ && stop_ != Stop::Killed) {
    std::array<pollfd, 2> polled{{{kControlFd, POLLIN, 0}, {kReportFd, POLLOUT, 0}}};
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) hear_worker();
    flush_reports();
  }
}

void JobRun::flush_reports() {
  while (!unsent_reports_.empty()) {
    const ssize_t count = write(kReportFd, unsent_reports_.data(), unsent_reports_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) unsent_reports_.clear();  // nobody is there to read
    if (count < 0) return;
    unsent_reports_.erase(0, static_cast<size_t>(count));
  }
}

}  // namespace seaworthy::worker
