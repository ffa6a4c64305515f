// The same work, done by Seaworthy's broker and by others: for bench/queue. One run a process;
// prints {"jobs": N, "seconds": S}.
//
//   queue_peers seaworthy PORT WORKERS JOBS   Submit; Assign, AttemptFinished, Recorded
//   queue_peers redis PORT WORKERS JOBS       lists: LPUSH, BLMOVE to another list, LREM from that
//   queue_peers beanstalkd PORT WORKERS JOBS  put, reserve, delete
//   queue_peers gearmand PORT WORKERS JOBS    SUBMIT_JOB_BG, GRAB_JOB, WORK_COMPLETE
//   queue_peers rabbitmq PORT WORKERS JOBS    a quorum queue: publish with confirms, deliver, ack
//   queue_peers router WORKERS JOBS           libzmq and nothing else: four messages a job, no
//                                             state
//   queue_peers sqlite FILE GROUP JOBS        no network: three transitions a job, GROUP jobs a
//                                             commit
//
// A job is 200 bytes. A worker has one in hand: it takes the next together with the word that the
// last is done, as each of the protocols allows. Clients hand jobs in as fast as they are taken,
// with kAhead unanswered.
#include "bench/queue_peers.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace seaworthy::bench {

void fail(const std::string& why) {
  std::fprintf(stderr, "queue_peers: %s\n", why.c_str());
  std::exit(1);
}

std::string job(uint64_t number) {
  std::string text = std::to_string(number) + ":";
  text.resize(kJobBytes, 'x');
  return text;
}

void print(uint64_t jobs, Clock::time_point start) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("{\"jobs\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(jobs),
              seconds);
}

Link::Link(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Link::~Link() { close(fd_); }

void Link::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = write(fd_, bytes.data(), bytes.size());
    if (count < 0) fail("cannot write");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void Link::receive() {
  std::array<char, 65536> buffer;
  const ssize_t count = read(fd_, buffer.data(), buffer.size());
  if (count <= 0) fail("the server closed the connection");
  in_.erase(0, used_);
  used_ = 0;
  in_.append(buffer.data(), static_cast<size_t>(count));
}

void run_workers(const std::vector<std::unique_ptr<Worker>>& workers, uint64_t jobs,
                 const std::function<void()>& produce) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < workers.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll, EPOLL_CTL_ADD, workers[i]->fd(), &event);
  }
  const auto start = Clock::now();
  std::thread producer(produce);
  uint64_t done = 0;
  std::array<epoll_event, 64> events{};
  while (done < jobs) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i)
      done += workers[events[static_cast<size_t>(i)].data.u64]->turn();
  }
  print(done, start);
  producer.join();
  close(epoll);
}

namespace {

int run(const std::vector<std::string>& words) {
  const auto number = [&](size_t i) { return std::strtoul(words.at(i).c_str(), nullptr, 10); };
  const std::string what = words.empty() ? "" : words[0];
  using Run = void (*)(uint16_t, size_t, uint64_t);
  constexpr std::array<std::pair<std::string_view, Run>, 5> kServers{
      {{"seaworthy", run_seaworthy},
       {"redis", run_redis},
       {"beanstalkd", run_beanstalkd},
       {"gearmand", run_gearmand},
       {"rabbitmq", run_rabbitmq}}};
  for (const auto& [name, run] : kServers)
    if (what == name && words.size() == 4)
      return run(static_cast<uint16_t>(number(1)), number(2), number(3)), 0;
  if (what == "router" && words.size() == 3) return run_router(number(1), number(2)), 0;
  if (what == "sqlite" && words.size() == 4)
    return run_sqlite(words[1].c_str(), number(2), number(3)), 0;
  std::fprintf(
      stderr,
      "usage: queue_peers seaworthy|redis|beanstalkd|gearmand|rabbitmq PORT WORKERS JOBS | "
      "router WORKERS JOBS | sqlite FILE GROUP JOBS\n");
  return 2;
}

}  // namespace
}  // namespace seaworthy::bench

int main(int argc, char** argv) { return seaworthy::bench::run({argv + 1, argv + argc}); }
