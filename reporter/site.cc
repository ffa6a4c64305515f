#include "reporter/site.h"

#include <charconv>

#include "reporter/assets.h"
#include "reporter/live_log.h"
#include "reporter/pages/log.h"
#include "reporter/pages/pages.h"
#include "reporter/pages/tests.h"
#include "shared/base/overloaded.h"
#include "shared/http/head.h"

namespace seaworthy::reporter {
namespace {

http::Answer answer_for(const io::ClientError& error) {
  if (error.kind == io::ClientError::Kind::Refused && error.code == wire::ErrorCode::NotFound)
    return framed(pages::not_found_page(error.message));
  http::Answer answer = framed(pages::away_page(error.message));
  answer.cache_control = "no-store";
  answer.retry_after_s = 5;
  return answer;
}

std::optional<EventSequence> sequence_of(const std::string& id) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
  if (id.empty() || error != std::errc{} || end != id.data() + id.size()) return std::nullopt;
  return EventSequence{value};
}

std::string name_of(const char* kind, uint64_t a, uint64_t b = 0) {
  return std::string(kind) + " " + std::to_string(a) + " " + std::to_string(b);
}

// Who has buttons is asked for by itself.
std::string named(std::string what, const Asking& asking) {
  return asking.has_buttons ? "buttons " + what : what;
}

}  // namespace

void Site::open(http::Server& server, Asker& asker, Asker& log_asker, Logs& logs, EventHub& hub) {
  server_ = &server;
  asker_ = &asker;
  log_asker_ = &log_asker;
  logs_ = &logs;
  hub_ = &hub;
}

void Site::handle(const http::Request& request, std::shared_ptr<http::Exchange> exchange,
                  bool has_buttons) {
  const Asking asking{hub_->last(), has_sign_in_, has_buttons};
  std::visit(
      overloaded{
          [&](const NoRoute&) {
            exchange->answer(framed(pages::not_found_page("There is no page at this address.")));
          },
          [&](const HomeRoute&) {
            show(
                named("home", asking),
                [asking](io::Client& client) { return pages::ask_home(client, asking); }, exchange);
          },
          [&](const WallRoute&) {
            show(
                named("wall", asking),
                [asking](io::Client& client) { return pages::ask_wall(client, asking); }, exchange);
          },
          [&](const RepositoryRoute& route) {
            show(
                named("repository " + std::to_string(route.before) + " " + route.ref + " " +
                          route.repository,
                      asking),
                [asking, route](io::Client& client) {
                  return pages::ask_repository(client, route, asking);
                },
                exchange);
          },
          [&](const QueueRoute&) {
            show(
                named("queue", asking),
                [asking](io::Client& client) { return pages::ask_queue(client, asking); },
                exchange);
          },
          [&](const WorkersRoute&) {
            show(
                named("workers", asking),
                [asking](io::Client& client) { return pages::ask_workers(client, asking); },
                exchange);
          },
          [&](const BuildRoute& route) {
            show(
                named(name_of("build", route.build.value), asking),
                [asking, route](io::Client& client) {
                  return pages::ask_build(client, route.build, asking);
                },
                exchange);
          },
          [&](const LogRoute& route) { show(route, asking, exchange); },
          [&](const LogRowsRoute& route) {
            show_log(
                request.target,
                [logs = logs_, route](io::Client& client) {
                  return pages::ask_log_rows(client, *logs, route);
                },
                exchange);
          },
          [&](const LogPlacesRoute& route) {
            show_log(
                request.target,
                [logs = logs_, route](io::Client& client) {
                  return pages::ask_log_places(client, *logs, route);
                },
                exchange);
          },
          [&](const JobTestsRoute& route) {
            show(
                name_of("tests", route.job.value, route.after),
                [asking, route](io::Client& client) {
                  return pages::ask_job_tests(client, route, asking);
                },
                exchange);
          },
          [&](const TestRoute& route) {
            show(
                "test " + request.target,
                [asking, route](io::Client& client) {
                  return pages::ask_test(client, route, asking);
                },
                exchange);
          },
          [&](const LogSearchRoute& route) { show(route, exchange); },
          [&](const RawLogRoute& route) {
            send_log(route, exchange, *log_asker_, *server_,
                     [](http::Exchange& failed, const io::ClientError& error) {
                       const bool missing = error.code == wire::ErrorCode::NotFound;
                       failed.answer(http::plain_answer(missing ? 404 : 503, error.message));
                     });
          },
          [&](const EventsRoute& route) {
            const auto seen = sequence_of(request.last_event_id);
            hub_->add(exchange->stream(false), seen ? seen : route.after);
          },
          [&](const AssetRoute& route) {
            const http::Answer* asset = assets().find(route.path);
            exchange->answer(asset != nullptr
                                 ? *asset
                                 : framed(pages::not_found_page("There is no such file.")));
          },
          [&](const HealthRoute&) { exchange->answer(http::plain_answer(200, "ok")); },
          [&](const ReadyRoute&) { say_ready(exchange); },
      },
      route_of(request.target));
}

void Site::show(const std::string& name, Asker::Work work, Reply reply) {
  asker_->ask(name, std::move(work), [reply](const std::shared_ptr<const Asked>& asked) {
    reply->answer(*asked ? (*asked)->answer : answer_for(asked->error()));
  });
}

// What takes long is done in turns, so that others have theirs, and not for who has gone.
void Site::show_log(const std::string& name, Asker::Work work, Reply reply) {
  log_asker_->ask(name, work, [=, this](const std::shared_ptr<const Asked>& asked) {
    if (*asked && (*asked)->is_not_done) {
      if (reply->is_wanted()) show_log(name, work, reply);
      return;
    }
    reply->answer(*asked ? (*asked)->answer : answer_for(asked->error()));
  });
}

void Site::show(const LogRoute& route, const Asking& asking, Reply reply) {
  std::shared_ptr<LogScan> scan;
  if (auto search = LogSearch::of(route.query); search && !route.query.text.empty())
    scan = std::make_shared<LogScan>(*search, LogScan::Range{}, 0);
  const std::string name =
      named(name_of("log", route.job.value, route.attempt.value), asking) + " " +
      (route.line ? "line " + std::to_string(*route.line) : std::string()) +
      (route.offset ? "offset " + std::to_string(*route.offset) : std::string()) +
      (route.times == TimesShown::Absolute ? "absolute " : "") +
      (route.times == TimesShown::Relative ? "relative " : "") +
      (route.query.text.empty() ? std::string() : "search " + std::to_string(++searches_));
  show_log(
      name,
      [logs = logs_, route, scan, asking](io::Client& client) {
        return pages::ask_log(client, *logs, route, scan.get(), asking);
      },
      reply);
}

void Site::show(const LogSearchRoute& route, Reply reply) {
  const auto search = route.errors ? LogSearch::for_errors() : LogSearch::of(route.query);
  if (!search) return reply->answer(pages::search_refused(search.error()));
  const auto scan = std::make_shared<LogScan>(*search, LogScan::Range{route.from, route.to},
                                              route.errors ? 1 : 0);
  show_log(
      "search " + std::to_string(++searches_),
      [logs = logs_, route, scan](io::Client& client) {
        return pages::ask_log_search(client, *logs, route, *scan);
      },
      reply);
}

void Site::say_ready(Reply reply) {
  asker_->ask(
      "ready",
      [](io::Client& client) -> Asked {
        auto pong = client.ask_for<wire::Pong>(wire::Ping{});
        if (!pong) return Unexpected{pong.error()};
        return Found{};
      },
      [reply](const std::shared_ptr<const Asked>& asked) {
        reply->answer(*asked ? http::plain_answer(200, "ok")
                             : http::plain_answer(503, asked->error().message));
      });
}

}  // namespace seaworthy::reporter
