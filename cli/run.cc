#include "cli/run.h"

#include "cli/health.h"
#include "cli/programs.h"
#include "cli/up/up.h"

namespace seaworthy::cli {
namespace {

Ended run_client_command(const Invocation& the, Screen& screen) {
  auto connection = client_options(the.connection, screen);
  if (!connection) return Unexpected{connection.error()};
  if (the.command == Command::Health) connection->on_trouble = nullptr;  // its one line says it all
  zmq::context_t context;
  if (the.command == Command::Wait) return wait_for_build(context, *connection, the.wait, screen);
  if (the.command == Command::Submit) {
    SubmitOptions options = the.submit;
    options.json = the.json;
    return submit(context, *connection, options, screen);
  }
  io::Client client(context, *connection);
  switch (the.command) {
    case Command::Status: return show_status(client, the.json, screen);
    case Command::Health: return show_health(client, the.json, screen);
    case Command::Builds: {
      BuildsOptions options = the.builds;
      options.json = the.json;
      return list_builds(client, options, screen);
    }
    case Command::Show: return show_build(client, {the.target, the.json}, screen);
    case Command::Tests: {
      TestsOptions options = the.tests;
      options.json = the.json;
      return list_tests(client, options, screen);
    }
    case Command::Log: return print_log(client, the.log, screen);
    case Command::Cancel: return cancel(client, the.change, the.reason, screen);
    case Command::Retry: return retry(client, the.change, screen);
    case Command::Drain: return drain(client, the.target, the.undo, screen);
    case Command::Pause: return pause(client, the.target, the.undo, screen);
    case Command::Workers: return list_workers(client, the.json, screen);
    case Command::Notify: return notify(client, the.target, screen);
    case Command::Up:
    case Command::Submit:
    case Command::NotifyTest:
    case Command::HookInstall:
    case Command::Wait:
    case Command::Keygen:
    case Command::Invite:
    case Command::ListKeys:
    case Command::RevokeKey:
    case Command::CreateToken:
    case Command::ListTokens:
    case Command::RevokeToken:
    case Command::Version: break;
  }
  SW_ASSERT(!"a command without a function");
  return ExitCode::Unknown;
}

// The reporter is who sends, so it is who tries.
Ended test_news(const Invocation& the) {
  std::vector<std::string> arguments{"--news", the.news_file, "--notify-test", the.target};
  if (!the.url.empty()) arguments.insert(arguments.end(), {"--url", the.url});
  return become_program("reporter", arguments);
}

}  // namespace

Ended run(const Invocation& invocation, Screen& screen) {
  KeysOptions keys = invocation.keys;
  keys.json = invocation.json;
  TokensOptions tokens = invocation.tokens;
  tokens.json = invocation.json;
  switch (invocation.command) {
    case Command::Up: return run_up(invocation.up, screen);
    case Command::NotifyTest: return test_news(invocation);
    case Command::HookInstall: return hook_install(invocation.hook, screen);
    case Command::Keygen: return keygen(invocation.keys, screen);
    case Command::Invite: return invite(invocation.keys, screen);
    case Command::ListKeys: return list_keys(keys, screen);
    case Command::RevokeKey: return revoke_key(invocation.keys, screen);
    case Command::CreateToken: return create_token(tokens, screen);
    case Command::ListTokens: return list_tokens(tokens, screen);
    case Command::RevokeToken: return revoke_token(tokens, screen);
    case Command::Version: screen.line("seaworthy " SEAWORTHY_VERSION); return ExitCode::Passed;
    case Command::Submit:
    case Command::Status:
    case Command::Health:
    case Command::Builds:
    case Command::Show:
    case Command::Tests:
    case Command::Log:
    case Command::Cancel:
    case Command::Retry:
    case Command::Drain:
    case Command::Pause:
    case Command::Workers:
    case Command::Notify:
    case Command::Wait: return run_client_command(invocation, screen);
  }
  return ExitCode::Unknown;
}

}  // namespace seaworthy::cli
