// What libzmq does without a disk, and SQLite without a network: the limits of a broker of both.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <zmq.hpp>

#include "bench/queue_peers.h"

namespace seaworthy::bench {
namespace {

constexpr size_t kWorkerThreads = 4;

// Workers say "give me one" and "done"; the router answers "here" and "noted".
void run_zmq_workers(zmq::context_t& context, const std::string& endpoint, size_t workers,
                     const std::atomic<bool>& stop) {
  std::vector<zmq::socket_t> sockets;
  std::vector<zmq::pollitem_t> items;
  for (size_t i = 0; i < workers; ++i) {
    sockets.emplace_back(context, zmq::socket_type::dealer);
    sockets.back().set(zmq::sockopt::linger, 0);
    sockets.back().connect(endpoint);
    sockets.back().send(zmq::str_buffer("give"), zmq::send_flags::none);
  }
  for (zmq::socket_t& socket : sockets) items.push_back({socket.handle(), 0, ZMQ_POLLIN, 0});
  while (!stop) {
    zmq::poll(items.data(), items.size(), std::chrono::milliseconds(50));
    for (size_t i = 0; i < sockets.size(); ++i) {
      if ((items[i].revents & ZMQ_POLLIN) == 0) continue;
      zmq::message_t message;
      while (sockets[i].recv(message, zmq::recv_flags::dontwait)) {
        if (message.size() != kJobBytes) continue;  // "noted"
        sockets[i].send(std::move(message), zmq::send_flags::none);
        sockets[i].send(zmq::str_buffer("give"), zmq::send_flags::none);
      }
    }
  }
}

}  // namespace

void run_router(size_t workers, uint64_t jobs) {
  zmq::context_t context(1);
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::linger, 0);
  router.bind("tcp://127.0.0.1:*");
  const std::string endpoint = router.get(zmq::sockopt::last_endpoint);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(workers, kWorkerThreads); ++i)
    threads.emplace_back([&, count = workers / std::min(workers, kWorkerThreads)] {
      run_zmq_workers(context, endpoint, count, stop);
    });
  const std::string text = job(0);
  const auto start = Clock::now();
  uint64_t done = 0;
  while (done < jobs) {
    zmq::message_t peer, message;
    if (!router.recv(peer) || !router.recv(message)) continue;
    const bool is_done = message.size() == kJobBytes;
    done += is_done ? 1 : 0;
    router.send(peer, zmq::send_flags::sndmore);
    if (is_done)
      router.send(zmq::str_buffer("noted"), zmq::send_flags::none);
    else
      router.send(zmq::buffer(text), zmq::send_flags::none);
  }
  print(done, start);
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

namespace {

void execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sqlite3_errmsg(database));
}

}  // namespace

void run_sqlite(const char* file, uint64_t group, uint64_t jobs) {
  sqlite3* database = nullptr;
  if (sqlite3_open(file, &database) != SQLITE_OK) fail("cannot open the database");
  execute(database,
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
          "CREATE TABLE job (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, data TEXT NOT NULL)");
  std::array<sqlite3_stmt*, 2> statements{};
  sqlite3_prepare_v2(database, "INSERT INTO job VALUES (?1, 0, ?2)", -1, &statements[0], nullptr);
  sqlite3_prepare_v2(database, "UPDATE job SET state = ?2 WHERE id = ?1", -1, &statements[1],
                     nullptr);
  const auto step = [&](sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(database));
    sqlite3_reset(statement);
  };
  const auto start = Clock::now();
  // As in a queue that is always full: each commit holds a third of transition each.
  for (uint64_t first = 0; first < jobs + 2 * group; first += group) {
    execute(database, "BEGIN");
    for (uint64_t state = 0; state < 3; ++state) {
      for (uint64_t i = 0; i < group; ++i) {
        const uint64_t behind = state * group;
        if (first + i < behind || first + i - behind >= jobs) continue;
        const auto id = static_cast<sqlite3_int64>(first + i - behind);
        sqlite3_stmt* statement = statements[state == 0 ? 0 : 1];
        const std::string text = job(first);
        sqlite3_bind_int64(statement, 1, id);
        if (state == 0)
          sqlite3_bind_text(statement, 2, text.data(), static_cast<int>(text.size()),
                            SQLITE_TRANSIENT);
        else
          sqlite3_bind_int64(statement, 2, static_cast<sqlite3_int64>(state));
        step(statement);
      }
    }
    execute(database, "COMMIT");
  }
  print(jobs, start);
  for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  sqlite3_close(database);
}

}  // namespace seaworthy::bench
