// The command line of `seaworthy` as plain values. The heavy option parser stays in options.cc.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "cli/change.h"
#include "cli/connection.h"
#include "cli/hook.h"
#include "cli/keys.h"
#include "cli/log.h"
#include "cli/queries.h"
#include "cli/submit.h"
#include "cli/tests.h"
#include "cli/tokens.h"
#include "cli/up/plan.h"
#include "cli/wait.h"

namespace seaworthy::cli {

enum class Command : uint8_t {
  Up,
  Submit,
  Status,
  Health,
  Builds,
  Show,
  Tests,
  Log,
  Cancel,
  Retry,
  Drain,
  Pause,
  Workers,
  Notify,
  NotifyTest,
  HookInstall,
  Wait,
  Keygen,
  Invite,
  ListKeys,
  RevokeKey,
  CreateToken,
  ListTokens,
  RevokeToken,
  Version,
};

// Only what belongs to `command` is set.
struct Invocation {
  Command command = Command::Version;
  ConnectionOptions connection;
  bool json = false;
  UpOptions up;
  SubmitOptions submit;
  BuildsOptions builds;
  // Of show: a build; of notify and pause: a repository; of drain: a worker; of notify-test: where
  // to.
  std::string target;
  std::string news_file, url;  // of notify-test
  TestsOptions tests;
  bool undo = false;
  LogOptions log;
  TargetOptions change;
  std::string reason;
  HookOptions hook;
  WaitOptions wait;
  KeysOptions keys;
  TokensOptions tokens;
};

// There is nothing to run: help was asked for, or the words make no sense.
struct Answered {
  std::string out;
  std::string error;
  ExitCode exit_code = ExitCode::Passed;
};

// Also reads SEAWORTHY_… from the environment, and the file that --config names.
std::variant<Invocation, Answered> parse_command_line(int argc, const char* const* argv);

}  // namespace seaworthy::cli
