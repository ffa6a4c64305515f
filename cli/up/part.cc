#include "cli/up/part.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "cli/programs.h"

namespace seaworthy::cli {
namespace {

// Options of `up` itself must not reach its children by the environment.
std::vector<std::string> environment_of_children() {
  constexpr std::array kOurs{"SEAWORTHY_CONFIG=",  "SEAWORTHY_LISTEN=", "SEAWORTHY_STATE=",
                             "SEAWORTHY_WORKERS=", "SEAWORTHY_REF=",    "SEAWORTHY_EVERY=",
                             "SEAWORTHY_BROKER=",  "SEAWORTHY_NAME=",   "SEAWORTHY_NEWEST_ONLY="};
  std::vector<std::string> environment = io::environment_with({});
  std::erase_if(environment, [&](const std::string& entry) {
    for (const char* name : kOurs)
      if (entry.starts_with(name)) return true;
    return false;
  });
  return environment;
}

}  // namespace

std::string Ending::how() const {
  if (exit_code <= 128) return "exit code " + std::to_string(exit_code);
  const int number = exit_code - 128;
  const char* name = sigdescr_np(number);
  return "signal " + std::to_string(number) +
         (name != nullptr ? " (" + std::string(name) + ")" : "");
}

Part::Part(std::string name, std::vector<std::string> argv, ChildLog log)
    : name_(std::move(name)), argv_(std::move(argv)), log_(std::move(log)) {}

Result<Done> Part::start(Instant now, int extra_fd) {
  restart_at_.reset();
  log_.start_life();
  io::Spawn what;
  what.argv = {this_binary().string(), "supervised", std::to_string(getpid()),
               find_program(argv_[0])};
  what.argv.insert(what.argv.end(), argv_.begin() + 1, argv_.end());
  what.environment = environment_of_children();
  what.stdout_fd = what.stderr_fd = log_.fd();
  what.extra_fd = extra_fd;
  auto child = io::spawn(what);
  if (!child) return Unexpected{"cannot start the " + name_ + ": " + child.error()};
  child_ = std::move(*child);
  started_ = now;
  ++lives_;
  return Done{};
}

Ending Part::reap(Instant now) {
  Ending ending;
  ending.exit_code = io::reap(*child_);
  ending.lived = now - started_;
  ending.first_life = lives_ == 1;
  ending.last_lines = log_.last_lines(3);
  child_.reset();
  return ending;
}

Duration Part::schedule(Instant now, Duration lived) {
  const Duration wait = backoff_.next(lived);
  restart_at_ = now + wait;
  return wait;
}

void Part::signal(int number) const {
  if (child_) kill(child_->pid, number);
}

}  // namespace seaworthy::cli
