// seaworthy-reporter: options, wiring, serving, exit code.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "reporter/descriptors.h"
#include "reporter/front.h"
#include "reporter/news/news.h"
#include "reporter/options.h"
#include "shared/io/clock.h"
#include "shared/io/notify.h"
#include "shared/io/signals.h"

namespace {

using namespace seaworthy;

void announce(const std::string& address, reporter::Options& options, io::Supervisor& supervisor) {
  supervisor.ready();
  spdlog::info("pages at http://{}, of the broker at {}", address, options.brokers.front());
  if (options.is_public && options.entry.tokens.empty())
    spdlog::warn("PUBLIC: everybody who reaches {} may read every build and log", address);
  if (options.entry.has_sign_in() && !options.entry.is_tls &&
      !http::is_loopback(options.server.host))
    spdlog::warn("tokens go in the clear to {}: put TLS before it, and say --behind-tls", address);
  if (options.ready_fd < 0) return;
  const nlohmann::json line{{"listen", address}, {"pid", getpid()}};
  const std::string text = line.dump() + "\n";
  (void)!write(options.ready_fd, text.data(), text.size());
  close(std::exchange(options.ready_fd, -1));
}

// Again and again, on the server's thread: who watches wants to know that this one turns.
void tell_alive(http::Server& server, io::Supervisor& supervisor) {
  supervisor.alive(io::now());
  const std::optional<Instant> next = supervisor.next_deadline();
  if (next)
    server.after(std::max(*next - io::now(), Duration{1}),
                 [&server, &supervisor] { tell_alive(server, supervisor); });
}

int serve(reporter::Options& options) {
  io::Supervisor supervisor = io::Supervisor::of_this_process();
  const io::Fd signals = io::block_signals({SIGTERM, SIGINT, SIGHUP});
  options.server.connections = reporter::connections_that_fit(options.server.connections);
  reporter::Entry entry(options.entry);
  reporter::Site site(entry.has_sign_in());
  reporter::Front front(entry, site, options.is_public || options.entry.only_tokens());
  http::Server server(options.server, [&](const http::Request& request, auto exchange) {
    front.handle(request, std::move(exchange));
  });
  // Its streams are the server's: it goes first.
  reporter::EventHub hub([&](Duration wait, auto call) { server.after(wait, std::move(call)); });
  zmq::context_t context;
  io::ClientOptions connection;
  connection.endpoints = options.brokers;
  connection.key = options.key;
  reporter::Logs logs;  // its asker's alone, which ends first
  const auto post = [&](std::function<void()> call) { server.post(std::move(call)); };
  reporter::Asker asker(context, connection, post);
  reporter::Asker log_asker(context, connection, post);
  reporter::Follower follower(context, connection, [&](reporter::Follower::News news) {
    server.post([&hub, news = std::move(news)] { hub.take(news); });
  });
  std::optional<reporter::news::News> news;
  if (options.news) news.emplace(context, connection, *std::move(options.news), options.url);
  site.open(server, asker, log_asker, logs, hub);
  front.open(asker, hub);
  if (entry.fd() >= 0)
    server.when_readable(entry.fd(), [&] {
      if (entry.follow()) hub.end_all();
    });
  server.when_readable(signals.get(), [&] {
    if (io::next_signal(signals)) server.stop();
  });
  announce(server.address(), options, supervisor);
  tell_alive(server, supervisor);
  server.run();
  supervisor.stopping();
  spdlog::info("stopped");
  return 0;
}

int run(reporter::Options& options) {
  reporter::settle(options);
  if (!options.test_target.empty())
    return reporter::news::send_test(*options.news, options.test_target, options.url);
  if (options.check_news) return reporter::news::say_right(*options.news);
  return serve(options);
}

}  // namespace

int main(int argc, char** argv) {
  reporter::Options options;
  if (auto exit_code = reporter::parse_options(argc, argv, options)) return *exit_code;
  io::start_log(options.log);
  try {
    return run(options);
  } catch (const std::exception& error) {
    const bool for_a_person = options.check_news || !options.test_target.empty();
    if (for_a_person)
      std::fprintf(stderr, "seaworthy: %s\n", error.what());
    else
      spdlog::error("{}", error.what());
    return 2;
  }
}
