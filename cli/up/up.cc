#include "cli/up/up.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/hook.h"
#include "cli/hook_script.h"
#include "cli/programs.h"
#include "cli/render/text.h"
#include "cli/up/crew.h"
#include "cli/up/demo.h"
#include "cli/up/follower.h"
#include "cli/up/narrator.h"
#include "cli/up/repositories.h"
#include "cli/up/summary_file.h"
#include "shared/io/client.h"
#include "shared/io/clock.h"
#include "shared/io/paths.h"
#include "shared/io/signals.h"

namespace seaworthy::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration kBrokerStarts{120'000};  // a large store may be checked first
constexpr Duration kReporterStarts{10'000};
constexpr Duration kLooksAtLogs{500};

class Up {
 public:
  Up(UpOptions options, io::Fd signals, Screen& screen)
      : options_(std::move(options)),
        signals_(std::move(signals)),
        screen_(screen),
        summary_(options_.state / "up.json") {}

  Ended run() {
    if (auto started = start_all(); !started) problem_ = started.error();
    if (!problem_.empty() && !crew_.stopping()) crew_.stop(io::now());
    if (problem_.empty() && !crew_.stopping()) greet();
    while (!crew_.all_gone() || !crew_.stopping()) turn();
    summary_.remove();
    if (!problem_.empty()) return Unexpected{problem_};
    screen_.line("everything is stopped");
    return ExitCode::Passed;
  }

 private:
  Result<Done> start_all() {
    if (auto started = start_broker(); !started || crew_.stopping()) return started;
    const std::string broker = reachable(listens_at_);
    io::ClientOptions connection;
    connection.endpoints = {broker};
    if (!options_.keys.empty()) {
      auto key = io::read_key(key_of(options_, "admin"));
      if (!key) return Unexpected{key.error()};
      connection.key = std::move(*key);
    }
    connection.give_up_after = Duration{60'000};  // it serves: on a busy machine the answer is late
    connection.interrupt_fd = signals_.get();
    auto began = io::Client(context_, connection).ask_for<wire::Events>(wire::FetchEvents{});
    if (!began) {
      // A signal is still pending then: the loop sees it.
      if (began.error().kind == io::ClientError::Kind::Interrupted) return Done{};
      return Unexpected{began.error().message};
    }
    follower_.emplace(context_, broker, connection.key, began->last);
    narrator_.emplace(context_, broker, connection.key, signals_.get(), screen_);
    for (unsigned i = 1; i <= options_.workers; ++i) {
      auto command = worker_command(options_, broker, io::host_name(), i);
      if (auto added = add(Role::Worker, "worker-" + std::to_string(i), command); !added)
        return added;
    }
    if (auto ready = prepare_demonstration(); !ready) return ready;
    if (auto added = add(Role::Watcher, "watcher", watcher_command(options_, broker)); !added)
      return added;
    if (auto served = start_reporter(broker); !served || crew_.stopping()) return served;
    return summary_.write(
        {getpid(), broker, page_, options_.workers, options_.state, io::wall_now()});
  }

  Result<Done> add(Role role, const std::string& name, std::vector<std::string> command,
                   int extra_fd = -1) {
    auto log = ChildLog::open(options_.state / "logs" / (name + ".log"));
    if (!log) return Unexpected{log.error()};
    return crew_.add(role, Part(name, std::move(command), std::move(*log)), io::now(), extra_fd);
  }

  // Starts the broker and waits until it serves, it ends, or a signal comes.
  Result<Done> start_broker() {
    auto asked_for = endpoint_for(options_.listen);
    if (!asked_for) return Unexpected{asked_for.error()};
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return Unexpected{io::errno_text("cannot make a pipe")};
    io::Fd ready(ends[0]), announces(ends[1]);
    std::vector<std::string> command = broker_command(options_, *asked_for);
    command.insert(command.end(), {"--ready-fd", "3"});
    if (auto added = add(Role::Broker, "broker", command, announces.get()); !added) return added;
    announces.reset();
    return await_broker(ready);
  }

  enum class Awaited : uint8_t { Line, Ended, Late, Signal };

  // The line with which a part says where it serves.
  Awaited await_line(const io::Fd& ready, Role role, Duration patience, std::string& line) {
    const Instant deadline = io::now() + patience;
    while (line.find('\n') == std::string::npos) {
      std::array<pollfd, 3> items{{{ready.get(), POLLIN, 0},
                                   {crew_.find(role)->pidfd(), POLLIN, 0},
                                   {signals_.get(), POLLIN, 0}}};
      ::poll(items.data(), items.size(), 1'000);
      if (items[2].revents != 0) {
        take_signals();
        return Awaited::Signal;
      }
      std::array<char, 1024> buffer{};
      const ssize_t count =
          items[0].revents != 0 ? read(ready.get(), buffer.data(), buffer.size()) : 0;
      if (count > 0)
        line.append(buffer.data(), static_cast<size_t>(count));
      else if (items[1].revents != 0)
        return Awaited::Ended;
      else if (io::now() > deadline)
        return Awaited::Late;
    }
    return Awaited::Line;
  }

  Result<Done> await_broker(const io::Fd& ready) {
    std::string line;
    switch (await_line(ready, Role::Broker, kBrokerStarts, line)) {
      case Awaited::Line: break;
      case Awaited::Signal: return Done{};
      case Awaited::Ended: {
        const Tended tended = crew_.tend(io::now());
        return Unexpected{tended.fatal.value_or("the broker ended before it served")};
      }
      case Awaited::Late:
        return Unexpected{"the broker does not serve after " + render::duration(kBrokerStarts) +
                          ": see " + crew_.find(Role::Broker)->log().file().string()};
    }
    auto address = announced_in(line);
    if (!address)
      return Unexpected{"the broker announced itself in an unknown way: are both of one release?"};
    listens_at_ = *address;
    // Its next lives must be where everybody looks for it.
    crew_.find(Role::Broker)->replace_command(broker_command(options_, listens_at_));
    return Done{};
  }

  static std::optional<std::string> announced_in(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("listen") || !json["listen"].is_string())
      return std::nullopt;
    return json["listen"].get<std::string>();
  }

  // Without a page everything else works: what is wrong is told, and goes on.
  Result<Done> start_reporter(const std::string& broker) {
    if (options_.no_http) return Done{};
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return Unexpected{io::errno_text("cannot make a pipe")};
    io::Fd ready(ends[0]), announces(ends[1]);
    std::vector<std::string> command = reporter_command(options_, broker, options_.http, true);
    command.insert(command.end(), {"--ready-fd", "3"});
    if (auto added = add(Role::Reporter, "reporter", command, announces.get()); !added)
      return added;
    announces.reset();
    std::string line;
    if (await_line(ready, Role::Reporter, kReporterStarts, line) != Awaited::Line) return Done{};
    const std::string address = announced_in(line).value_or(options_.http);
    page_ = "http://" + address;
    if (address.starts_with("0.0.0.0:")) page_ = "http://127.0.0.1" + address.substr(7);
    if (address.starts_with("[::]:")) page_ = "http://[::1]" + address.substr(4);
    crew_.find(Role::Reporter)->replace_command(reporter_command(options_, broker, address, false));
    return Done{};
  }

  Result<Done> prepare_demonstration() {
    if (!options_.repositories.empty()) return Done{};
    const fs::path demo = options_.state / "demo";
    if (auto made = make_demonstration(demo); !made) return made;
    auto hooks = install_hooks(
        {demo.string(), "", reachable(listens_at_), key_of(options_, "client").string()});
    if (!hooks) return Unexpected{hooks.error()};
    options_.repositories = {demo.string()};
    is_demonstration_ = true;
    return Done{};
  }

  void greet() {
    screen_.line("seaworthy " SEAWORTHY_VERSION ": broker at " + reachable(listens_at_) + ", " +
                 render::count_of(options_.workers, "worker") + ", state and logs in " +
                 options_.state.string());
    if (!page_.empty()) screen_.line("page  " + page_);
    for (const std::string& repository : options_.repositories)
      screen_.line("watching " + render::printable(repository) + " every " + options_.every);
    if (is_demonstration_)
      screen_.line("make a commit in another terminal:\n\n  git -C " +
                   shell_word(options_.repositories.front()) +
                   " commit --allow-empty -m \"My first change\"\n");
    else
      screen_.line("`" + typed_name() + " hook install REPO` makes new commits seen at once");
    screen_.line("Ctrl-C stops everything");
  }

  // One pass: waits for signals, children, events or the next deadline, and deals with them.
  void turn() {
    std::vector<zmq::pollitem_t> items{{nullptr, signals_.get(), ZMQ_POLLIN, 0}};
    if (follower_) items.push_back(follower_->item());
    crew_.watch(items);
    Instant until = io::now() + kLooksAtLogs;
    if (auto deadline = crew_.next_deadline()) until = std::min(until, *deadline);
    io::poll(items, std::max(until - io::now(), Duration{0}));

    take_signals();
    const Instant now = io::now();
    Tended tended = crew_.tend(now);
    for (const std::string& line : tended.lines) trouble(line);
    for (const std::string& line : crew_.complaints()) trouble(line);
    if (tended.fatal && problem_.empty()) {
      problem_ = *tended.fatal;
      if (!crew_.stopping()) crew_.stop(now);
    }
    if (!follower_) return;
    if (tended.broker_started) follower_->ask_anew(now);
    for (const wire::EventRow& event : follower_->advance(now)) narrator_->tell(event);
  }

  void take_signals() {
    while (io::next_signal(signals_)) screen_.line(crew_.stop(io::now()));
  }

  void trouble(const std::string& line) {
    screen_.line(render::time_of_day(io::wall_now()) + "  " +
                 screen_.style().paint(render::Colour::Yellow, line));
  }

  UpOptions options_;
  io::Fd signals_;
  Screen& screen_;
  SummaryFile summary_;
  zmq::context_t context_;
  Crew crew_;
  std::string listens_at_;  // the broker
  std::string page_;        // for a browser; empty: there is none
  std::optional<Follower> follower_;
  std::optional<Narrator> narrator_;
  bool is_demonstration_ = false;
  std::string problem_;
};

}  // namespace

Ended run_up(UpOptions options, Screen& screen) {
  std::error_code error;
  options.state = fs::absolute(options.state, error);
  if (!options.keys.empty()) options.keys = fs::absolute(options.keys, error);
  for (std::string& repository : options.repositories) {
    auto checked = check_repository(repository);
    if (!checked) return Unexpected{checked.error()};
    repository = *checked;
  }
  auto lock = io::lock_directory(options.state);
  if (!lock) return Unexpected{lock.error()};
  fs::create_directories(options.state / "logs", error);
  if (error)
    return Unexpected{"cannot make " + (options.state / "logs").string() + ": " + error.message()};
  return Up(std::move(options), io::block_signals({SIGINT, SIGTERM, SIGHUP}), screen).run();
}

}  // namespace seaworthy::cli
