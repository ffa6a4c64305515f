#include "worker/leader/look_at_tests.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>

#include "shared/io/clock.h"
#include "shared/io/fd.h"
#include "shared/io/process.h"
#include "shared/model/limits.h"
#include "shared/wire/packed_tests.h"
#include "worker/leader/job_program.h"

namespace seaworthy::worker {
namespace {

constexpr Duration kLookAtMost{60'000};
constexpr rlim_t kCpuSeconds = 30;

[[noreturn]] void gather_and_exit(const reports::Places& places, int answer_fd) {
  part_from_leader();
  const rlimit cpu{kCpuSeconds, kCpuSeconds}, no_core{0, 0};
  setrlimit(RLIMIT_CPU, &cpu);
  setrlimit(RLIMIT_CORE, &no_core);
  try {
    TestReport report = reports::gather(places);
    if (report.counts.all() == 0 && report.notes.empty()) _exit(0);
    const std::string packed = wire::pack_tests(std::move(report));
    for (size_t at = 0; at < packed.size();) {
      const ssize_t count = write(answer_fd, packed.data() + at, packed.size() - at);
      if (count <= 0) _exit(1);
      at += static_cast<size_t>(count);
    }
    _exit(0);
  } catch (const std::exception&) {  // no memory
    _exit(1);
  }
}

enum class Read : uint8_t { ToItsEnd, TooLate, Stopped };

Read read_all(int answer, int stop_fd, std::string& packed) {
  const Instant until = io::now() + kLookAtMost;
  std::array<char, 65536> buffer;
  for (;;) {
    std::array<pollfd, 2> polled{{{answer, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
    const Duration left = std::max(until - io::now(), Duration{0});
    const int ready = poll(polled.data(), polled.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return Read::TooLate;
    if (polled[1].revents != 0) return Read::Stopped;
    const ssize_t count = read(answer, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || packed.size() > limits::kTestReportBytes) return Read::ToItsEnd;
    packed.append(buffer.data(), static_cast<size_t>(count));
  }
}

Tests only_note(const std::string& text) {
  TestReport report;
  report.notes = {text.substr(0, limits::kTestNoteBytes)};
  return {wire::pack_tests(report), {}, report.notes};
}

}  // namespace

Tests look_at_tests(const reports::Places& places, int stop_fd) {
  const std::string attempted = "the reports of the tests could not be read: ";
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return only_note(attempted + io::errno_text("cannot make a pipe"));
  io::Fd answer(ends[0]), answer_write(ends[1]);
  const pid_t child = fork();
  if (child == 0) gather_and_exit(places, answer_write.get());
  if (child < 0) return only_note(attempted + io::errno_text("cannot start a process for it"));
  answer_write.reset();
  std::string packed;
  const Read read = read_all(answer.get(), stop_fd, packed);
  if (read != Read::ToItsEnd) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (read == Read::Stopped) return {};
  if (read == Read::TooLate)
    return only_note(attempted + "it took longer than " +
                     std::to_string(kLookAtMost.count() / 1000) + " s");
  if (WIFSIGNALED(status))
    return only_note(attempted + "the process that did it was ended by signal " +
                     std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return only_note(attempted + "there is too little memory");
  if (packed.empty()) return {};
  const auto columns = wire::unpack_tests(packed);
  if (!columns) return only_note(attempted + columns.error());
  return {std::move(packed), columns->counts(), columns->notes};
}

std::string words_of(const TestCounts& counts) {
  std::string text;
  auto add = [&text](uint64_t count, const char* word) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  };
  add(counts.failed, "failed");
  add(counts.errors, counts.errors == 1 ? "error" : "errors");
  add(counts.passed, "passed");
  add(counts.skipped, "skipped");
  return text;
}

}  // namespace seaworthy::worker
