#include "shared/git/object_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "shared/git/command.h"

namespace seaworthy::git {
namespace {

// Reading an object takes microseconds; this is for a disk that hangs.
constexpr Duration kAnswerTime{30'000};

struct Answer {
  bool missing = false;
  size_t bytes = 0;
};

// "<id> <type> <size>" or "<id> missing".
Answer parse_answer(std::string_view line) {
  size_t space = line.rfind(' ');
  Answer answer;
  std::string_view size = line.substr(space == std::string_view::npos ? 0 : space + 1);
  auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), answer.bytes);
  answer.missing = error != std::errc{} || end != size.data() + size.size();
  return answer;
}

}  // namespace

ObjectProcess::ObjectProcess(std::filesystem::path git_directory,
                             std::vector<std::string> environment)
    : git_directory_(std::move(git_directory)), environment_(std::move(environment)) {}

ObjectProcess::~ObjectProcess() { stop(); }

Result<Done> ObjectProcess::start() {
  std::array<int, 2> ends{};
  // A socket, since writing to a pipe whose reader died would raise a signal.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Unexpected{io::errno_text("cannot make a pair of sockets")};
  socket_ = io::Fd(ends[0]);
  io::Fd childs(ends[1]);
  io::Fd child_err(open("/dev/null", O_WRONLY | O_CLOEXEC));
  io::Spawn what;
  what.argv = git_arguments(git_directory_, {"cat-file", "--batch-command"});
  std::vector<std::string> changes = git_environment();
  changes.insert(changes.end(), environment_.begin(), environment_.end());
  what.environment = io::environment_with(changes);
  what.stdin_fd = childs.get();
  what.stdout_fd = childs.get();
  what.stderr_fd = child_err.get();
  auto child = io::spawn(what);
  if (!child) return Unexpected{child.error()};
  child_ = std::move(*child);
  return Done{};
}

void ObjectProcess::stop() {
  socket_.reset();
  received_.clear();
  if (child_.pid <= 0) return;
  kill(child_.pid, SIGKILL);
  io::reap(child_);
  child_ = {};
}

Result<Done> ObjectProcess::receive_until(size_t bytes) {
  std::array<char, 65536> buffer;
  while (received_.size() < bytes) {
    pollfd polled{socket_.get(), POLLIN, 0};
    int ready = ::poll(&polled, 1, static_cast<int>(kAnswerTime.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return Unexpected{"git cat-file did not answer in time"};
    ssize_t count = ::read(socket_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Unexpected{"git cat-file ended"};
    received_.append(buffer.data(), static_cast<size_t>(count));
  }
  return Done{};
}

Result<std::string> ObjectProcess::ask(const std::string& question) {
  // Questions are shorter than a socket's buffer, and each is answered before the next: no
  // deadlock.
  std::string line = question + "\n";
  if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return Unexpected{io::errno_text("cannot ask git cat-file")};
  size_t end = std::string::npos;
  while ((end = received_.find('\n')) == std::string::npos)
    if (auto more = receive_until(received_.size() + 1); !more) return Unexpected{more.error()};
  std::string answer = received_.substr(0, end);
  received_.erase(0, end + 1);
  return answer;
}

Result<std::optional<std::string>> ObjectProcess::try_read(const std::string& id,
                                                           size_t most_bytes) {
  if (child_.pid <= 0)
    if (auto started = start(); !started) return Unexpected{started.error()};
  auto info = ask("info " + id);
  if (!info) return Unexpected{info.error()};
  Answer answer = parse_answer(*info);
  if (answer.missing) return Unexpected{"it is not there"};
  if (answer.bytes > most_bytes) return std::optional<std::string>{};
  auto contents = ask("contents " + id);
  if (!contents) return Unexpected{contents.error()};
  if (auto all = receive_until(answer.bytes + 1); !all) return Unexpected{all.error()};
  std::optional<std::string> object = received_.substr(0, answer.bytes);
  received_.erase(0, answer.bytes + 1);
  return object;
}

Result<std::optional<std::string>> ObjectProcess::read(const std::string& id, size_t most_bytes) {
  auto object = try_read(id, most_bytes);
  if (object) return object;
  stop();  // it died, or the mirror was made anew under it: a new one knows
  object = try_read(id, most_bytes);
  if (object) return object;
  stop();
  return Unexpected{"cannot read object " + id + " of " + git_directory_.string() + ": " +
                    object.error()};
}

}  // namespace seaworthy::git
