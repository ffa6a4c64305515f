#include "watcher/loop.h"

#include <spdlog/spdlog.h>

#include <deque>
#include <thread>

#include "shared/io/signals.h"
#include "shared/io/socket.h"
#include "watcher/event.h"
#include "watcher/notices.h"
#include "watcher/repository_watch.h"

namespace seaworthy::watcher {
namespace {

void wait_for_signal(const io::Fd& signals) {
  for (;;) {
    zmq::pollitem_t items[] = {{nullptr, signals.get(), ZMQ_POLLIN, 0}};
    io::poll(items, Duration{-1});
    if (io::next_signal(signals)) return;
  }
}

}  // namespace

void run_loop(const WatchOptions& options, const io::Fd& signals) {
  zmq::context_t context;
  for (const std::string& broker : options.brokers)
    io::Dealer{context, broker, options.key};  // a good address?
  const Event stop;
  std::deque<RepositoryWatch> watches;
  for (const std::string& repository : options.repositories)
    watches.emplace_back(context, options, repository, stop);
  NoticeListener notices(context, options, stop, [&](const std::string* repository) {
    for (const RepositoryWatch& watch : watches)
      if (repository == nullptr || watch.repository() == *repository) watch.wake();
  });
  std::vector<std::jthread> threads;
  for (RepositoryWatch& watch : watches) threads.emplace_back([&watch] { watch.run(); });
  threads.emplace_back([&notices] { notices.run(); });
  wait_for_signal(signals);
  spdlog::info("stopping");
  stop.raise();
}

}  // namespace seaworthy::watcher
