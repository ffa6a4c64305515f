#include "reporter/news/config.h"

#include <sys/stat.h>

#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::reporter::news;

namespace {

Result<ParsedPlan, pipeline::SourceError> parsed(const std::string& text) {
  return parse_plan(text, {[](const std::string& name) -> std::optional<std::string> {
                             if (name == "TOKEN") return "from the environment";
                             if (name == "EVIL") return "a\r\nX-Evil: 1";
                             return std::nullopt;
                           },
                           [](const std::string& file) -> Result<std::string> {
                             if (file == "/secret") return std::string("from a file\n");
                             return Unexpected{"cannot open " + file};
                           }});
}

const std::string kWhole = R"(
targets:
  mail:
    kind: mail
    server: smtps://smtp.example.org:465
    from: Seaworthy <ci@example.org>
    user: ci
    password-file: /secret
    timeout: 90s
  hook:
    kind: webhook
    url: https://hooks.example.org/x?y=1
    secret: ${TOKEN}
    proxy: http://proxy.example.org:3128
    ca-file: /etc/ca.pem
  github: {kind: github, token: "${TOKEN}", context: ci/seaworthy}
  forge: {kind: gitea, url: "https://git.example.org/", token: "${TOKEN}"}
  lab: {kind: gitlab, token: "${TOKEN}"}
  chat: {kind: slack, url: "https://hooks.example.org/${TOKEN}"}
rules:
  - repository: "*/harbour.git"
    branch: [main, release-*]
    when: change
    target: mail
    to: [author, team@example.org]
  - target: github
    project: ada/harbour
  - {target: chat, when: failure, branch: main}
)";

std::string complaint(const std::string& text) {
  const auto result = parsed(text);
  REQUIRE_FALSE(result);
  return std::to_string(result.error().at.line) + ":" + std::to_string(result.error().at.column) +
         ": " + result.error().text;
}

std::string with_target(const std::string& lines) {
  return "targets:\n  t:\n" + lines + "rules: []\n";
}

}  // namespace

TEST_CASE("a news file names targets, and rules for them") {
  std::string text = kWhole;
  text.replace(text.find("hooks.example.org/${TOKEN}"), 26, "hooks.example.org/x");
  const auto result = parsed(text);
  if (!result) FAIL(result.error().text);
  const Plan& plan = result->plan;
  REQUIRE(plan.targets.size() == 6);
  CHECK(plan.targets[0].kind == Kind::Mail);
  CHECK(plan.targets[0].from == "ci@example.org");
  CHECK(plan.targets[0].from_name == "Seaworthy");
  CHECK(plan.targets[0].secret == "from a file");
  CHECK(plan.targets[0].timeout == Duration{90'000});
  CHECK(plan.targets[0].tls == Tls::Required);
  CHECK(plan.targets[1].secret == "from the environment");
  CHECK(plan.targets[1].proxy == "http://proxy.example.org:3128");
  CHECK(plan.targets[2].url == "https://api.github.com");
  CHECK(plan.targets[2].context == "ci/seaworthy");
  CHECK(plan.targets[3].url == "https://git.example.org");
  CHECK(plan.targets[4].url == "https://gitlab.com");
  CHECK(plan.targets[5].url == "https://hooks.example.org/x");
  CHECK(plan.targets[5].secret.empty());
  REQUIRE(plan.rules.size() == 3);
  CHECK(plan.rules[0].branches == std::vector<std::string>{"main", "release-*"});
  CHECK(plan.rules[0].to == std::vector<std::string>{"team@example.org"});
  CHECK(plan.rules[0].to_author);
  CHECK(plan.rules[0].when == When::Change);
  CHECK(plan.rules[1].project == "ada/harbour");
  CHECK(plan.rules[1].repository == "*");
  CHECK(plan.rules[2].target == 5);
  CHECK(result->holds_secrets);  // the chat's address lets in whoever knows it
}

TEST_CASE("what is wrong is said with its place, and what was probably meant") {
  const auto hook = [](const std::string& more) {
    return with_target("    kind: webhook\n    url: https://example.org\n" + more);
  };
  CHECK(complaint("targets: {}\n") == "1:1: the file must have targets and rules");
  CHECK(complaint("target: {}\n") ==
        "1:1: unknown key 'target' in this file; did you mean 'targets'?");
  CHECK(complaint(with_target("    kind: webhok\n")) ==
        "3:11: there is no kind 'webhok' of target; did you mean 'webhook'?");
  CHECK(complaint(with_target("    kind: webhook\n    ulr: x\n")) ==
        "4:5: unknown key 'ulr' in target 't'; did you mean 'url'?");
  CHECK(complaint(with_target("    kind: webhook\n")) ==
        "3:5: no url stands in target 't'; write where it is");
  CHECK(complaint(hook("    token: x\n")).starts_with("5:5: unknown key 'token' in target 't'"));
  CHECK(complaint(hook("    secret: ${NOT_SET}\n"))
            .starts_with("5:13: the variable NOT_SET is not set"));
  CHECK(complaint(hook("    secret: x\n    secret-file: /secret\n"))
            .starts_with("6:5: secret and secret-file both stand"));
  CHECK(complaint(hook("    secret-file: /missing\n")) == "5:18: cannot open /missing");
  CHECK(complaint(hook("    timeout: soon\n")).starts_with("5:14: 'soon' is no time"));
  CHECK(complaint(hook("    timeout: 11m\n")).starts_with("5:14: '11m' is no time"));
  CHECK(complaint(
            "targets:\n  a: {kind: slack, url: https://example.org}\nrules:\n  - target: b\n") ==
        "4:13: there is no target 'b'; did you mean 'a'?");
}

TEST_CASE("a value that could be more than itself is refused") {
  for (const char* url :
       {"ftp://example.org", "file:///etc/passwd", "https://", "https:///x", "https://:80/",
        "//example.org", "https://user:pw@example.org", "https://example.org/ x",
        "gopher://example.org", "HTTPS://example.org", "https://example.org/#x", "${EVIL}"}) {
    CAPTURE(url);
    CHECK_FALSE(parsed(with_target("    kind: webhook\n    url: \"" + std::string(url) + "\"\n")));
  }
  const auto hook = "    kind: webhook\n    url: https://example.org\n";
  CHECK_FALSE(parsed(with_target(std::string(hook) + "    secret: ${EVIL}\n")));
  CHECK_FALSE(parsed("targets:\n  \"a b\": {kind: slack, url: https://x.org}\nrules: []\n"));
  CHECK_FALSE(parsed("targets:\n  \"a/../b\": {kind: slack, url: https://x.org}\nrules: []\n"));
}

TEST_CASE("mail needs a sender, sends no password in the clear, and a rule says to whom") {
  const auto mail = [](const std::string& more, const std::string& rule = "") {
    return "targets:\n  m:\n    kind: mail\n    server: smtp://example.org\n" + more +
           "rules:" + (rule.empty() ? " []\n" : "\n  - " + rule + "\n");
  };
  const std::string from = "    from: ci@example.org\n";
  CHECK(parsed(mail(from)));
  CHECK(parsed(mail(from, "{target: m, to: author}")));
  CHECK_FALSE(parsed(mail("")));
  CHECK_FALSE(parsed(mail("    from: ci\n")));
  CHECK_FALSE(parsed(mail(from + "    user: x\n")));
  CHECK_FALSE(parsed(mail(from + "    user: x\n    password: y\n    tls: none\n")));
  CHECK(parsed(mail(from + "    tls: none\n")));
  CHECK(complaint(mail(from, "{target: m}")).find("needs to: author") != std::string::npos);
  CHECK(complaint(mail(from, "{target: m, to: Ada <ada@example.org>}"))
            .find("is neither author nor a plain address") != std::string::npos);
}

TEST_CASE("rules say to a target only what it understands") {
  const auto rule = [](const std::string& more) {
    return "targets:\n  h: {kind: webhook, url: https://x.org}\n"
           "  g: {kind: github, token: \"${TOKEN}\"}\nrules:\n  - " +
           more + "\n";
  };
  CHECK(complaint(rule("{target: h, to: author}")).find("to is for mail") != std::string::npos);
  CHECK(complaint(rule("{target: h, project: a/b}")).find("project is for commit") !=
        std::string::npos);
  CHECK(complaint(rule("{target: g, when: failure}")).find("always set") != std::string::npos);
  CHECK(complaint(rule("{target: h, when: changes}")).find("did you mean change?") !=
        std::string::npos);
  for (const char* project : {"x", "/a/b", "a/b/", "a/../b", "a/b c", "a/b?c"})
    CHECK_FALSE(parsed(rule("{target: g, project: \"" + std::string(project) + "\"}")));
}

TEST_CASE("a secret that stands in the file must not be everybody's to read") {
  Folder folder;
  const auto file = folder.path() / "news.yml";
  const auto write = [&](const std::string& secret) {
    std::ofstream(file) << "targets:\n  h: {kind: webhook, url: https://x.org, " << secret
                        << "}\nrules: []\n";
  };
  write("secret: open");
  chmod(file.c_str(), 0644);
  const auto refused = load_plan(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("everybody on this machine may read it") != std::string::npos);
  chmod(file.c_str(), 0640);
  CHECK(load_plan(file));
  const auto secret = folder.path() / "secret";
  std::ofstream(secret) << "hidden\n";
  write("secret-file: " + secret.string());
  chmod(file.c_str(), 0644);
  chmod(secret.c_str(), 0600);
  CHECK(load_plan(file));
  chmod(secret.c_str(), 0604);
  CHECK_FALSE(load_plan(file));
  CHECK_FALSE(load_plan(folder.path() / "missing"));
}
