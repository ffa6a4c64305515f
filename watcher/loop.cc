#include "watcher/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>

#include "shared/io/clock.h"
#include "shared/io/signals.h"
#include "shared/io/socket.h"
#include "watcher/event.h"
#include "watcher/notices.h"
#include "watcher/repository_watch.h"
#include "watcher/webhooks/door.h"

namespace seaworthy::watcher {
namespace {

void wait_for_signal(const io::Fd& signals, io::Supervisor& supervisor) {
  for (;;) {
    supervisor.alive(io::now());
    const std::optional<Instant> due = supervisor.next_deadline();
    const Duration most = due ? std::max(*due - io::now(), Duration{0}) : Duration{-1};
    zmq::pollitem_t items[] = {{nullptr, signals.get(), ZMQ_POLLIN, 0}};
    io::poll(items, most);
    if (io::next_signal(signals)) return;
  }
}

}  // namespace

void run_loop(const WatchOptions& options, const io::Fd& signals, io::Supervisor& supervisor) {
  zmq::context_t context;
  const Event stop, listening;
  std::deque<RepositoryWatch> watches;
  for (const std::string& repository : options.repositories)
    watches.emplace_back(context, options, repository, stop, listening);
  NoticeListener notices(context, options, stop, listening, [&](const std::string* repository) {
    for (const RepositoryWatch& watch : watches)
      if (repository == nullptr)
        watch.wake();
      else if (watch.repository() == *repository)
        watch.wake_for_move();
  });
  std::optional<Door> door;
  if (!options.door.listen.empty()) {
    door.emplace(options.door, options.repositories, [&](const std::string& repository) {
      for (const RepositoryWatch& watch : watches)
        if (watch.repository() == repository) watch.wake_for_move();
    });
    spdlog::info("web hooks are taken at http://{}/hooks/", door->address());
  }
  std::vector<std::jthread> threads;
  for (RepositoryWatch& watch : watches) threads.emplace_back([&watch] { watch.run(); });
  threads.emplace_back([&notices] { notices.run(); });
  supervisor.ready();
  wait_for_signal(signals, supervisor);
  supervisor.stopping();
  spdlog::info("stopping");
  stop.raise();
}

}  // namespace seaworthy::watcher
