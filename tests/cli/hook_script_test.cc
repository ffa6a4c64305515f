#include "cli/hook_script.h"

#include "tests/support/catch.h"

using namespace seaworthy::cli;

TEST_CASE("a hook knows its own handwriting") {
  const HookScript script{"post-commit", "/opt/seaworthy", "/srv/git/harbour.git", ""};
  CHECK(is_ours(script_text(script)));
  CHECK_FALSE(is_ours("#!/bin/sh\necho hello\n"));
}

TEST_CASE("the broker stands in the hook only when one was named") {
  HookScript script{"post-commit", "/opt/seaworthy", "/srv/git/harbour.git", ""};
  CHECK(script_text(script).find("--broker") == std::string::npos);
  script.broker = "tcp://127.0.0.1:9000";
  CHECK(script_text(script).find("--broker 'tcp://127.0.0.1:9000'") != std::string::npos);
}

TEST_CASE("a quote in a path stays inside its word") {
  CHECK(shell_quoted("it's; rm -rf $HOME") == "'it'\\''s; rm -rf $HOME'");
  CHECK(shell_word("/srv/git/harbour.git") == "/srv/git/harbour.git");
  CHECK(shell_word("/srv/my git") == "'/srv/my git'");
}
