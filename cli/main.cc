// seaworthy: hands over to another program, or reads the command line, runs the command and turns
// its end into an exit code.
#include <csignal>
#include <exception>
#include <string_view>

#include "cli/programs.h"
#include "cli/run.h"

namespace {

using namespace seaworthy::cli;

Ended run_command_line(int argc, char** argv, Screen& screen) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (is_program(first)) return become_program(std::string(first), {argv + 2, argv + argc});
  if (first == "supervised") return become_supervised({argv + 2, argv + argc});
  auto parsed = parse_command_line(argc, argv);
  if (const auto* invocation = std::get_if<Invocation>(&parsed)) return run(*invocation, screen);
  const auto& answered = std::get<Answered>(parsed);
  screen.out(answered.out);
  screen.explain(answered.error);
  return answered.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Screen screen = Screen::of_this_process();
  try {
    Ended ended = run_command_line(argc, argv, screen);
    if (!ended) screen.remark(ended.error());
    if (screen.failed()) screen.remark("could not write all of the answer");
    const ExitCode code = ended && !screen.failed() ? *ended : ExitCode::Unknown;
    return static_cast<int>(code);
  } catch (const std::exception& error) {
    screen.remark(error.what());
    return static_cast<int>(ExitCode::Unknown);
  }
}
