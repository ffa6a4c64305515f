#include "reporter/options.h"

#include <stdexcept>

#include "reporter/news/config.h"
#include "shared/io/options.h"

namespace seaworthy::reporter {
namespace {

void add_entry_options(CLI::App& app, EntryOptions& entry) {
  app.add_option("--tokens", entry.tokens,
                 "Let in only who has a token of this list, as `seaworthy token create` makes it")
      ->type_name("FILE");
  app.add_flag("--public-read", entry.is_public_read,
               "With --tokens: looking needs none, only changing does");
  app.add_flag("--behind-tls", entry.is_tls,
               "A proxy speaks TLS with browsers: cookies go over TLS only");
  app.add_option("--trust-header", entry.trust_header,
                 "A field in which a proxy names the user, as X-Forwarded-User")
      ->type_name("NAME");
  app.add_option("--trust-from", entry.trust_from,
                 "Addresses of proxies that may; with commas between")
      ->delimiter(',')
      ->type_name("ADDRESS");
  app.add_option_function<std::string>(
         "--trust-role",
         [&entry](const std::string& word) {
           const auto access = parse_access(word);
           if (!access)
             throw CLI::ValidationError("--trust-role", "it is viewer, operator or admin");
           entry.trusted = *access;
         },
         "Of users that the proxy names and --tokens does not [viewer]")
      ->type_name("ROLE");
}

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "seaworthy-reporter " SEAWORTHY_VERSION);
  app.add_option("--listen", options.listen, "Where browsers connect; port 0 picks one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  app.add_flag("--or-any-port", options.server.or_any_port,
               "Take another port when that one is in use");
  app.add_flag("--public", options.is_public,
               "Listen beyond this machine, under any name: everybody who reaches it may read "
               "everything");
  add_entry_options(app, options.entry);
  app.add_option("--broker", options.brokers,
                 "Where the broker is; several with commas between [as the key says, else "
                 "tcp://127.0.0.1:8888]")
      ->delimiter(',')
      ->type_name("ENDPOINT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  io::add_key_options(app, options.key_file, options.insecure);
  app.add_option("--connections", options.server.connections,
                 "Of browsers at a time; one more is told to come back")
      ->check(CLI::Range(1, 20'000))
      ->capture_default_str();
  io::add_duration_option(app, "--deadline", options.server.deadline,
                          "For a request to arrive, and for the next piece of an answer to be "
                          "taken [30s]");
  CLI::Option* news =
      app.add_option("--news", options.news_file,
                     "Send mails, webhooks, chat messages and commit statuses as this file says")
          ->type_name("FILE");
  app.add_option("--url", options.url, "Where others reach the pages, for links in what is sent")
      ->type_name("URL");
  app.add_flag("--check-news", options.check_news, "Only say whether the --news file is right")
      ->needs(news);
  app.add_option("--notify-test", options.test_target,
                 "Only send one test message to this target of the --news file")
      ->type_name("TARGET")
      ->needs(news);
  app.add_option("--ready-fd", options.ready_fd,
                 "Write a JSON line to this descriptor when serving");
  io::add_log_options(app, options.log);
  app.footer(
      "Examples:\n  seaworthy-reporter\n  seaworthy-reporter --listen 127.0.0.1:9000 --broker "
      "tcp://ci.example.org:8888 --key reporter.key\n\nBehind nginx or Caddy: docs/reporter.md");
  io::complete_options(app);
}

void settle_address(Options& options) {
  const std::string& text = options.listen;
  auto address = http::parse_address(text);
  if (!address)
    throw std::runtime_error("cannot listen on '" + text +
                             "': --listen takes ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080");
  options.server.host = address->host;
  options.server.port = address->port;
  if (options.is_public || options.entry.only_tokens() || http::is_loopback(address->host)) return;
  throw std::runtime_error(
      "refused to listen on " + text +
      ": everybody who reaches it may read every build and log. Ask for a sign-in with --tokens; "
      "or "
      "listen on 127.0.0.1, and put nginx or Caddy with a password before it; or say --public, "
      "where everybody on the network may read");
}

void settle_broker(Options& options) {
  if (!options.key_file.empty()) {
    auto key = io::read_key(options.key_file);
    if (!key) throw std::runtime_error(key.error());
    if (options.brokers.empty()) options.brokers = key->endpoints;
    options.key = std::move(*key);
  }
  if (options.brokers.empty()) options.brokers = {"tcp://127.0.0.1:8888"};
  const std::string wrong = io::what_is_wrong(options.brokers, options.key, options.insecure);
  if (!wrong.empty()) throw std::runtime_error(wrong);
}

void settle_url(Options& options) {
  while (options.url.ends_with('/')) options.url.pop_back();
  if (options.url.empty()) return;
  const bool is_web = options.url.starts_with("http://") || options.url.starts_with("https://");
  if (!is_web || options.url.find_first_of(" \"<>\\^`{|}\n\r\t") != std::string::npos)
    throw std::runtime_error("cannot make links with --url '" + options.url +
                             "': it takes an address as https://ci.example.org");
}

void settle_news(Options& options) {
  if (options.news_file.empty()) return;
  auto plan = news::load_plan(options.news_file);
  if (!plan) throw std::runtime_error(plan.error());
  options.news = *std::move(plan);
}

void settle_entry(const EntryOptions& entry) {
  if (entry.trust_header.empty() != entry.trust_from.empty())
    throw std::runtime_error(
        "--trust-header and --trust-from go together: which field names the user, and which "
        "proxies are believed when they send it");
  if (entry.is_public_read && entry.tokens.empty())
    throw std::runtime_error(
        "--public-read says what needs no token, and there is no list of tokens: name one with "
        "--tokens, or leave it out");
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app(
      "The reporter of Seaworthy: its pages for browsers. Buttons and the API need a sign-in.");
  add_options(app, options);
  return io::parse_options(app, argc, argv);
}

void settle(Options& options) {
  settle_url(options);
  settle_news(options);
  if (options.check_news || !options.test_target.empty()) return;  // nobody is served
  constexpr size_t kFormBytes = 16 * 1024;  // of a request that changes something
  settle_entry(options.entry);
  if (options.entry.has_sign_in()) options.server.body_bytes = kFormBytes;
  settle_address(options);
  settle_broker(options);
}

}  // namespace seaworthy::reporter
