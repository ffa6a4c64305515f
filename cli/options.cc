#include "cli/options.h"

#include <sstream>
#include <thread>

#include "cli/arguments.h"
#include "shared/io/options.h"
#include "shared/io/paths.h"

namespace seaworthy::cli {
namespace {

constexpr Duration kQuestion{10'000};
constexpr Duration kSubmitting{60'000};
constexpr Duration kHealthCheck{3'000};

std::string time_or_complaint(const std::string& text) {
  return parse_time(text) ? "" : text + " is no time like 30, 0.5s, 500ms or 2m";
}

// The deepest command that was understood.
CLI::App& understood(CLI::App& app) {
  CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  return *deepest;
}

// The tree of commands and where their options go. Lives as long as the parsing.
class Tree {
 public:
  explicit Tree(Invocation& into) : into_(into) {
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.set_version_flag("--version", "seaworthy " SEAWORTHY_VERSION);
    app_.require_subcommand(1);
    add_broker(app_, "Where the broker listens; several with commas between");
    app_.footer(
        "Other programs: seaworthy broker|worker|watcher|reporter|fsck … runs seaworthy-broker "
        "and\n"
        "so on;\n"
        "seaworthy fsck checks what a broker has stored.\n\n"
        "Exit codes: 0 done, 2 could not be done. `wait` and `submit --wait`: 0 passed (or "
        "flaky),\n"
        "1 failed, 2 could not tell (skipped, cancelled, inconclusive, too late, no broker).\n\n"
        "Every option is also read from the environment (SEAWORTHY_BROKER for --broker) and from\n"
        "the file that --config names.");
    add_up();
    add_submit();
    add_status_and_workers();
    add_builds_and_show();
    add_tests();
    add_log();
    add_changes();
    add_drain_and_pause();
    add_notify_and_hook();
    add_wait();
    add_keys();
    add_tokens();
    command("version", Command::Version, "Print the version", "seaworthy version");
    io::complete_options(app_);
    for (CLI::App* below : app_.get_subcommands({})) settle(*below);
  }

  // Options that several commands have are read from the command that was given: the parser fills
  // those of the others from the environment as well.
  void parse(int argc, const char* const* argv) {
    app_.parse(argc, argv);
    into_.connection.broker = into_.hook.broker = given_somewhere("--broker");
    into_.connection.key_file = into_.hook.key_file = given_somewhere("--key");
    into_.connection.insecure = insecure_;
    const auto timeout = given("--timeout", understood(app_));
    if (!timeout) return;
    // A wait's time-out is that of the waiting, not of one question.
    if (into_.command == Command::Wait)
      into_.wait.give_up = parse_time(*timeout);
    else
      into_.connection.timeout = *parse_time(*timeout);
  }

  CLI::App& app() { return app_; }

 private:
  // --broker and --key may stand before the command or after it, where they win; the environment is
  // read for the ones before.
  static void settle(CLI::App& below) {
    below.fallthrough();
    for (const char* name : {"--broker", "--key", "--insecure"})
      if (CLI::Option* option = below.get_option_no_throw(name)) option->envname("");
    for (CLI::App* nested : below.get_subcommands({})) settle(*nested);
  }

  static std::optional<std::string> given(const std::string& name, CLI::App& in) {
    const CLI::Option* option = in.get_option_no_throw(name);
    if (option == nullptr || option->count() == 0) return std::nullopt;
    return option->results().back();
  }

  std::string given_somewhere(const std::string& name) {
    auto text = given(name, understood(app_));
    if (!text) text = given(name, app_);
    return text.value_or("");
  }

  void add_broker(CLI::App& below, const std::string& help) {
    below.add_option("--broker", unread_, help)->type_name("ENDPOINT");
    below.add_option("--key", unread_, "File with your key, where the broker wants one")
        ->type_name("FILE");
    below.add_flag("--insecure", insecure_, "Go beyond this machine without a key");
  }

  CLI::App* command(const std::string& name, Command which, const std::string& help,
                    const std::string& examples) {
    CLI::App* below = app_.add_subcommand(name, help);
    below->callback([this, which] { into_.command = which; });
    below->footer("Examples:\n  " + examples);
    return below;
  }

  CLI::App* client_command(const std::string& name, Command which, const std::string& help,
                           const std::string& examples, Duration timeout = kQuestion) {
    CLI::App* below = command(name, which, help, examples);
    add_broker(*below, "Where the broker listens; several with commas between [" +
                           std::string(kDefaultBroker) + "]");
    if (which != Command::Wait) {
      below->preparse_callback([this, timeout](size_t) { into_.connection.timeout = timeout; });
      add_timeout(*below, "Give up when the broker has not answered by then [" +
                              std::to_string(timeout.count() / 1000) + "s]");
    }
    return below;
  }

  void add_timeout(CLI::App& below, const std::string& help) {
    below.add_option("--timeout", unread_, help)->type_name("TIME")->check(time_or_complaint);
  }

  void add_json(CLI::App& below) {
    below.add_flag("--json", into_.json, "For programs: a stable JSON shape");
  }

  void add_up() {
    UpOptions& up = into_.up;
    up.state = io::default_state_directory();
    up.workers = std::max(1u, std::thread::hardware_concurrency());
    CLI::App* below = command(
        "up", Command::Up,
        "Run a broker, workers, a watcher and a page on this machine, and show what happens",
        "seaworthy up                              a demonstration\n"
        "  seaworthy up ~/src/project\n"
        "  seaworthy up --workers 4 https://example.org/project.git ../other\n"
        "  seaworthy up --listen 127.0.0.1:0 --state /tmp/sw .    its address is in "
        "/tmp/sw/up.json");
    below->add_option("repository", up.repositories, "Paths or URLs that git understands")
        ->type_name("REPO");
    below->add_option("--state", up.state, "Directory of everything that is kept")
        ->capture_default_str();
    below->add_option("--workers", up.workers, "How many jobs run at a time")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    below->add_option("--listen", up.listen, "Where the broker listens; port 0 picks one")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    below
        ->add_option("--keys", up.keys,
                     "Let in only those with a key, as `seaworthy keygen` makes them; needed to "
                     "listen beyond this machine")
        ->type_name("DIR");
    below->add_option("--http", up.http, "Where its page is; another port if that one is in use")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    CLI::Option* no_http = below->add_flag("--no-http", up.no_http, "No page");
    below
        ->add_option("--news", up.news,
                     "Send mails, webhooks, chat messages and commit statuses as this file says")
        ->type_name("FILE")
        ->excludes(no_http);
    below->add_option("--url", up.url, "Where others reach the page, for links in what is sent")
        ->type_name("URL");
    below->add_flag("--public", up.is_public,
                    "Everybody who reaches the page may read it: needed beyond this machine");
    below->add_option("--ref", up.refs, "Globs of the refs to watch [refs/heads/*]")
        ->type_name("GLOB");
    below->add_option("--every", up.every, "How often to look at each repository")
        ->type_name("TIME")
        ->capture_default_str();
    below->add_flag("--newest-only", up.newest_only,
                    "Build only the tip of what was pushed, not every commit");
  }

  void add_submit() {
    SubmitOptions& submit = into_.submit;
    submit.mirrors = io::default_state_directory() / "mirrors";
    CLI::App* below =
        client_command("submit", Command::Submit, "Make a build of one revision",
                       "seaworthy submit .\n  seaworthy submit . v1.2 --wait\n"
                       "  seaworthy submit https://example.org/project.git 1a2b3c4 --again",
                       kSubmitting);
    below->add_option("repository", submit.repository, "Path or URL")
        ->type_name("REPO")
        ->required();
    below->add_option("revision", submit.revision, "Branch, tag or id [HEAD]")->type_name("REV");
    below->add_option("--ref", submit.ref, "The ref under which the build stands");
    below->add_option("--mirrors", submit.mirrors, "Directory of the cached copies")
        ->capture_default_str();
    below->add_flag("--again", submit.again, "Also if there is a build of it already");
    add_json(*below);
    below->add_flag("--wait", submit.wait, "Wait for the verdict; the exit code is the verdict's");
  }

  void add_status_and_workers() {
    add_json(*client_command("status", Command::Status,
                             "What waits and why, what runs, and the last verdicts",
                             "seaworthy status\n  seaworthy status --json"));
    add_json(*client_command(
        "health", Command::Health, "Does a broker answer? Exit code 0, or 2 and why not",
        "seaworthy health\n  seaworthy health --timeout 1s --json", kHealthCheck));
    add_json(*client_command("workers", Command::Workers, "The workers that the broker knows",
                             "seaworthy workers\n  seaworthy workers --json"));
  }

  void add_builds_and_show() {
    BuildsOptions& builds = into_.builds;
    CLI::App* below =
        client_command("builds", Command::Builds, "The builds, newest first",
                       "seaworthy builds\n  seaworthy builds --repository . --limit 5 --json");
    below->add_option("--repository", builds.repository, "Only of this one")->type_name("REPO");
    below->add_option("--ref", builds.ref, "Only of this ref, in full: refs/heads/main");
    below->add_option("--revision", builds.revision, "Only of revisions that begin like this");
    below->add_option("--limit", builds.limit, "At most so many")->capture_default_str();
    add_json(*below);
    below = client_command("show", Command::Show, "One build: its jobs, attempts and what happened",
                           "seaworthy show 12\n  seaworthy show 1a2b3c4 --json");
    below->add_option("build", into_.target, "A build's number, or a revision: its newest build")
        ->type_name("BUILD")
        ->required();
    add_json(*below);
  }

  void add_tests() {
    CLI::App* below =
        client_command("tests", Command::Tests, "What the tests of a build said, each by its name",
                       "seaworthy tests 12\n  seaworthy tests 12 --failed\n"
                       "  seaworthy tests 1a2b3c4 --json");
    below
        ->add_option("build", into_.tests.build,
                     "A build's number, or a revision: its newest build")
        ->type_name("BUILD")
        ->required();
    below->add_flag("--failed", into_.tests.failed_only,
                    "Only those that failed, with what they wrote");
    add_json(*below);
  }

  void add_log() {
    CLI::App* below = client_command(
        "log", Command::Log, "The output of a job, as the bytes it wrote",
        "seaworthy log 17\n  seaworthy log 12/test -f\n  seaworthy log 17 --attempt 1 | less -R");
    below->add_option("job", into_.log.job, "A job's number, or BUILD/NAME")
        ->type_name("JOB")
        ->required();
    below->add_flag("-f,--follow", into_.log.follow, "Go on until the job has its verdict");
    below->add_option("--attempt", into_.log.attempt, "Which attempt [the latest]");
  }

  void add_changes() {
    CLI::App* below = client_command("cancel", Command::Cancel, "End a build, or one job of it",
                                     "seaworthy cancel 12\n  seaworthy cancel 12/test\n"
                                     "  seaworthy cancel --job 17 --reason \"wrong branch\"");
    below->add_option("--reason", into_.reason, "Why, for those who look at it later");
    add_target(*below);
    add_target(*client_command("retry", Command::Retry,
                               "Run the jobs of a build again, as a new build",
                               "seaworthy retry 12\n  seaworthy retry 12/test\n"
                               "  seaworthy retry --job 17"));
  }

  void add_drain_and_pause() {
    CLI::App* below =
        client_command("drain", Command::Drain, "Give a worker no more jobs; what it runs goes on",
                       "seaworthy drain host-1\n  seaworthy drain host-1 --undo");
    below->add_option("worker", into_.target, "As `seaworthy workers` names it")
        ->type_name("WORKER")
        ->required();
    below->add_flag("--undo", into_.undo, "Give it jobs again");
    below = client_command("pause", Command::Pause,
                           "Let the jobs of a repository wait; what runs goes on",
                           "seaworthy pause .\n  seaworthy pause . --undo");
    below->add_option("repository", into_.target, "Path or URL")->type_name("REPO")->required();
    below->add_flag("--undo", into_.undo, "Let them run again");
  }

  void add_target(CLI::App& below) {
    below
        .add_option("target", into_.change.target,
                    "A build's number or revision; or one job, as BUILD/NAME")
        ->type_name("BUILD|JOB")
        ->required();
    below.add_flag("--job", into_.change.is_job, "The number is a job's");
  }

  void add_notify_and_hook() {
    CLI::App* below =
        client_command("notify", Command::Notify, "Tell the watcher to look at a repository now",
                       "seaworthy notify .");
    below->add_option("repository", into_.target, "Path or URL")->type_name("REPO")->required();

    CLI::App* test = command("notify-test", Command::NotifyTest,
                             "Send one test message to a target of a news file, and show what the "
                             "other side says",
                             "seaworthy notify-test mail --news /etc/seaworthy/news.yml");
    test->add_option("target", into_.target, "Its name in the file")
        ->type_name("TARGET")
        ->required();
    test->add_option("--news", into_.news_file, "The file that the reporter is given")
        ->type_name("FILE")
        ->required();
    test->add_option("--url", into_.url, "Where the pages are, for the message's links")
        ->type_name("URL");

    CLI::App* hook =
        app_.add_subcommand("hook", "Make git tell the watcher of each commit and push");
    hook->require_subcommand(1);
    CLI::App* install = hook->add_subcommand(
        "install", "Write the hooks; those that are there are kept and called first");
    install->callback([this] { into_.command = Command::HookInstall; });
    install->fallthrough();
    install->footer(
        "Examples:\n  seaworthy hook install .\n"
        "  seaworthy hook install /srv/git/project.git --as https://example.org/project");
    install->add_option("repository", into_.hook.repository, "A repository on this machine")
        ->type_name("REPO")
        ->required();
    install
        ->add_option("--as", into_.hook.known_as,
                     "What the watcher was given, if that is not the path")
        ->type_name("URL");
    add_broker(*install, "Written into the hook [none: the default]");
  }

  void add_wait() {
    CLI::App* below = client_command(
        "wait", Command::Wait, "Wait for the verdict of a build; the exit code is the verdict's",
        "seaworthy wait 12\n  git push && seaworthy wait $(git rev-parse HEAD) --timeout 10m");
    below
        ->add_option("target", into_.wait.target,
                     "A build's number, or a revision: its newest build, also if it comes later")
        ->type_name("BUILD|REVISION")
        ->required();
    add_timeout(*below, "Give up after this long, with exit code 2 [never]");
  }

  CLI::App& add_key_directory(CLI::App& below) {
    below.add_option("--dir", into_.keys.directory, "The broker's directory of keys, its --keys")
        ->type_name("DIR")
        ->capture_default_str();
    return below;
  }

  void add_keys() {
    KeysOptions& options = into_.keys;
    options.directory = io::default_state_directory() / "keys";
    add_key_directory(
        *command("keygen", Command::Keygen, "Make the keys of a broker, and one for each role",
                 "seaworthy keygen\n  seaworthy keygen --dir /etc/seaworthy/keys\n\n"
                 "What is there is kept. A file that was removed is made anew, and its "
                 "old key let in no more."));
    CLI::App& invited = add_key_directory(
        *command("invite", Command::Invite, "Let somebody in: prints a new key on one line",
                 "seaworthy invite worker anna --broker tcp://ci.example.org:8888\n"
                 "  seaworthy invite client otto --broker tcp://ci.example.org:8888 > otto.key"));
    invited.add_option("role", options.role, "worker, client, watcher, reporter or admin")
        ->required();
    invited.add_option("name", options.name, "Whose it is; workers are called NAME or NAME/…")
        ->required();
    invited.add_option("--broker", options.broker, "Where the other machine reaches the broker")
        ->type_name("ENDPOINT")
        ->required();

    CLI::App* keys = app_.add_subcommand("keys", "Who is let in by a broker");
    keys->require_subcommand(1);
    CLI::App& list = add_key_directory(*keys->add_subcommand("list", "Names, roles, public keys"));
    list.callback([this] { into_.command = Command::ListKeys; });
    list.footer("Examples:\n  seaworthy keys list");
    add_json(list);
    CLI::App& revoke = add_key_directory(
        *keys->add_subcommand("revoke", "Let one in no more, and end its connections"));
    revoke.callback([this] { into_.command = Command::RevokeKey; });
    revoke.footer("Examples:\n  seaworthy keys revoke anna");
    revoke.add_option("name", options.name, "As `seaworthy keys list` names it")->required();
  }

  CLI::App& add_token_command(CLI::App& tokens, const std::string& name, Command which,
                              const std::string& help, const std::string& example) {
    CLI::App* below = tokens.add_subcommand(name, help);
    below->callback([this, which] { into_.command = which; });
    below->footer("Examples:\n  " + example);
    below->add_option("--dir", into_.tokens.directory, "Directory of the list, `tokens`")
        ->type_name("DIR")
        ->capture_default_str();
    return *below;
  }

  void add_tokens() {
    TokensOptions& options = into_.tokens;
    options.directory = io::default_state_directory() / "keys";
    CLI::App* tokens = app_.add_subcommand("token", "Who is let in by the reporter's pages");
    tokens->require_subcommand(1);
    CLI::App& create = add_token_command(
        *tokens, "create", Command::CreateToken, "Let somebody in: prints a new token",
        "seaworthy token create --role viewer --name anna\n"
        "  seaworthy token create --role operator --dir /etc/seaworthy/keys");
    create.add_option("--role", options.role, "viewer, operator or admin")->required();
    create.add_option("--name", options.name, "Whose it is [the role]");
    add_json(add_token_command(*tokens, "list", Command::ListTokens, "Names and roles",
                               "seaworthy token list"));
    add_token_command(*tokens, "revoke", Command::RevokeToken,
                      "Let one in no more, and sign its holder out", "seaworthy token revoke anna")
        .add_option("name", options.name, "As `seaworthy token list` names it")
        ->required();
  }

  Invocation& into_;
  CLI::App app_{"Seaworthy tests every commit of your repositories.", "seaworthy"};
  bool insecure_ = false;
  std::string unread_;  // of options that parse() takes from the command that was given
};

std::vector<std::string> names_below(CLI::App& app) {
  std::vector<std::string> names;
  if (app.get_parent() == nullptr) names = {"broker", "worker", "watcher", "reporter", "fsck"};
  for (CLI::App* below : app.get_subcommands({})) names.push_back(below->get_name());
  return names;
}

// The words after the deepest command that was understood are the wrong ones.
std::string wrong_words(Tree& tree, const CLI::ParseError& error) {
  std::string text = error.what();
  CLI::App& at = understood(tree.app());
  const std::vector<std::string> left = tree.app().remaining(true);
  if (!at.get_subcommands({}).empty() && !left.empty() && !left.front().starts_with('-')) {
    text = "'" + left.front() + "' is no command of " + at.get_name();
    if (auto meant = nearest(left.front(), names_below(at)))
      text += "; did you mean '" + *meant + "'?";
  }
  return "seaworthy: " + text + "\nRun `seaworthy --help`, or `seaworthy COMMAND --help`.\n";
}

}  // namespace

std::variant<Invocation, Answered> parse_command_line(int argc, const char* const* argv) {
  Invocation invocation;
  Tree tree(invocation);
  if (argc < 2) return Answered{"", tree.app().help(), ExitCode::Unknown};
  try {
    tree.parse(argc, argv);
    return invocation;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0)
      return Answered{"", wrong_words(tree, error), ExitCode::Unknown};
    std::ostringstream out, ignored;
    tree.app().exit(error, out, ignored);
    return Answered{out.str(), "", ExitCode::Passed};
  }
}

}  // namespace seaworthy::cli
