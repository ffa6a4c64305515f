// A fleet of workers for bench/fleet: any number of them in one process, each with the real core
// and the real protocol, so that they say what real ones do; but their jobs are only waited for.
// One command a line on stdin, one JSON object a line as the answer; with a folder of keys (made by
// `seaworthy keygen`) encrypted:
//
//   workers N            have so many, a few at a time, and wait until all are welcomed
//   sessions             how many the broker knows
//   job MS BYTES [N]     how long a job takes, and its output, from now on; written in N pieces
//   load JOBS SECONDS    keep so many jobs unfinished for so long
//   steady MS SECONDS    one job each so many ms, for so long: microseconds as `latency`
//   latency ROUNDS       one job at a time: microseconds until a worker has it, from when it was
//                        acknowledged, and from when it was submitted
//   queue JOBS           hand in so many as fast as they are taken; ends when all are recorded
//   backlog JOBS         hand in so many and leave them in the queue
//   rate SECONDS         how many were recorded in that time
//   counters             messages sent and received so far
//   asking               from now on ask, ten times a second, what a client asks
//   asked                end that; the longest time until an answer, in ms: of what the broker
//   knows
//                        by heart, and of what it reads
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "shared/base/overloaded.h"
#include "shared/io/client.h"
#include "shared/io/clock.h"
#include "shared/io/fd.h"
#include "shared/io/socket.h"
#include "shared/model/limits.h"
#include "worker/core/core.h"

namespace seaworthy::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kThreads = 4;
constexpr size_t kStartAtOnce = 40;

// Jobs that a fleet hands in are its own workers', so that there may be others.
std::string own_label() { return "fleet-" + std::to_string(getpid()); }

// What all threads share.
struct Fleet {
  std::string broker;
  std::optional<io::Key> worker_key, client_key;
  zmq::context_t context{1};
  std::atomic<int64_t> job_ms{100};
  std::atomic<uint64_t> output_bytes{1024};
  std::atomic<int64_t> pieces{1};
  std::atomic<uint64_t> connected{0};  // workers that are welcome
  std::atomic<uint64_t> sent{0}, received{0};
  std::atomic<uint64_t> recorded{0};
  // When the job that was assigned last came.
  std::mutex mutex;
  std::condition_variable assigned;
  std::map<uint64_t, Clock::time_point> assigned_at;  // by build
};

class Worker {
 public:
  Worker(Fleet& fleet, size_t number)
      : fleet_(fleet),
        core_(settings(fleet, number)),
        dealer_(std::in_place, fleet.context, fleet.broker, fleet.worker_key) {
    step(worker::Tick{});
  }

  int descriptor() { return dealer_->handle().get(zmq::sockopt::fd); }
  // True when the socket is another one than before.
  bool turn() {
    const uint64_t before = sockets_;
    receive();
    go_on_with_job();
    step(worker::Tick{});
    receive();  // sending may have taken the sign that something came
    const bool connected = core_.phase() != worker::Phase::Offline;
    if (connected && !connected_) ++fleet_.connected;
    if (!connected && connected_) --fleet_.connected;
    connected_ = connected;
    return sockets_ != before;
  }
  std::optional<Instant> next_deadline() const {
    std::optional<Instant> due = core_.next_deadline();
    if (job_due_ && (!due || *job_due_ < *due)) due = job_due_;
    return due;
  }

 private:
  static worker::Settings settings(const Fleet& fleet, size_t number) {
    worker::Settings settings;
    settings.worker = (fleet.worker_key ? fleet.worker_key->name + "/" : "") +
                      std::to_string(getpid()) + "-" + std::to_string(number);
    settings.boot = io::random_token<BootId>();
    settings.host = "bench";
    settings.pid = static_cast<uint32_t>(getpid());
    settings.version = SEAWORTHY_VERSION;
    settings.labels = {own_label()};
    io::fill_random(&settings.seed, sizeof settings.seed);
    return settings;
  }

  void receive() {
    if (missing_ && (dealer_->handle().get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0) {
      missing_ = false;
      step(worker::Writable{});
    }
    while (auto received = dealer_->receive()) {
      ++fleet_.received;
      if (!*received) continue;
      wire::Message& message = (*received)->message;
      if (const auto* assign = std::get_if<wire::Assign>(&message)) saw(*assign);
      step(worker::Received{std::move(message)});
    }
  }

  void saw(const wire::Assign& assign) {
    const std::lock_guard lock(fleet_.mutex);
    fleet_.assigned_at[assign.build.value] = Clock::now();
    if (fleet_.assigned_at.size() > 10'000) fleet_.assigned_at.erase(fleet_.assigned_at.begin());
    fleet_.assigned.notify_all();
  }

  void begin_job(const AttemptKey& key) {
    job_ = {key, fleet_.output_bytes, fleet_.pieces, Duration{fleet_.job_ms / fleet_.pieces}};
    job_due_ = io::now() + job_.pause;
  }
  // The end comes with the last piece.
  void go_on_with_job() {
    if (!job_due_ || io::now() < *job_due_) return;
    const uint64_t written =
        job_.output_bytes * static_cast<uint64_t>(++job_.done) / static_cast<uint64_t>(job_.pieces);
    if (written > 0) step(worker::OutputGrew{job_.key, written});
    job_due_ = *job_due_ + job_.pause;
    if (job_.done < job_.pieces) return;
    job_due_.reset();
    wire::AttemptFinished report;
    report.job = job_.key.job;
    report.attempt = job_.key.attempt;
    report.outcome = Outcome::Passed;
    report.steps = {{"test", 0, 100}};
    report.output_bytes = job_.output_bytes;
    step(worker::AttemptEnded{std::move(report)});
  }

  void step(const worker::Event& event) {
    happened_.push_back(event);
    if (happened_.size() > 1) return;  // within another step
    for (; !happened_.empty(); happened_.pop_front())
      for (const worker::Effect& effect : core_.step(io::moment(), happened_.front()))
        perform(effect);
  }

  void perform(const worker::Effect& effect) {
    std::visit(
        overloaded{[this](const worker::Send& what) {
                     send({what.message, 0, {}});
                   },
                   [this](const worker::SendOutput& what) {
                     send({wire::Output{core_.boot(), what.key.job, what.key.attempt, what.offset},
                           0, std::string(what.size_bytes, 'x')});
                   },
                   [this](const worker::StartAttempt& what) {
                     begin_job({what.assign.job, what.assign.attempt});
                   },
                   [this](const worker::KillAttempt& what) {
                     job_due_.reset();
                     happened_.push_back(worker::AttemptGone{what.key});
                   },
                   [this](const worker::DiscardSpool&) { ++fleet_.recorded; },
                   [this](const worker::Reconnect&) {
                     dealer_.emplace(fleet_.context, fleet_.broker, fleet_.worker_key);
                     ++sockets_;
                   },
                   [](const auto&) {}},
        effect);
  }

  void send(const wire::Envelope& envelope) {
    if (dealer_->send(envelope) == io::Sent::Taken)
      ++fleet_.sent;
    else
      missing_ = true;
  }

  Fleet& fleet_;
  worker::Core core_;
  std::optional<io::Dealer> dealer_;
  std::deque<worker::Event> happened_;
  bool connected_ = false;
  bool missing_ = false;  // a message could not be handed over
  uint64_t sockets_ = 1;
  struct Job {
    AttemptKey key;
    uint64_t output_bytes = 0;
    int64_t pieces = 1;
    Duration pause{};  // before each piece
    int64_t done = 0;  // pieces
  };
  Job job_;
  std::optional<Instant> job_due_;  // the next piece
};

// Some of the workers, in a thread of their own.
class Crew {
 public:
  explicit Crew(Fleet& fleet) : fleet_(fleet), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Crew() {
    stop_ = true;
    thread_.join();
  }
  void add(size_t number) {
    const std::lock_guard lock(mutex_);
    to_add_.push_back(number);
  }

 private:
  void run() {
    std::array<epoll_event, 256> events{};
    while (!stop_) {
      add_new();
      Duration wait{20};  // then the new ones are looked for
      if (!due_.empty()) wait = std::clamp(due_.begin()->first - io::now(), Duration{0}, wait);
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(wait.count()));
      for (int i = 0; i < count; ++i) turn(events[static_cast<size_t>(i)].data.u64);
      const Instant now = io::now();
      while (!due_.empty() && due_.begin()->first <= now) turn(due_.begin()->second);
    }
  }
  void add_new() {
    const std::lock_guard lock(mutex_);
    for (const size_t number : to_add_) {
      workers_.push_back(std::make_unique<Worker>(fleet_, number));
      deadlines_.emplace_back();
      watch(workers_.size() - 1);
      turn(workers_.size() - 1);
    }
    to_add_.clear();
  }
  void watch(size_t index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, workers_[index]->descriptor(), &event);
  }
  void turn(size_t index) {
    if (workers_[index]->turn()) watch(index);
    const std::optional<Instant> due = workers_[index]->next_deadline();
    if (deadlines_[index]) due_.erase({*deadlines_[index], index});
    deadlines_[index] = due;
    if (due) due_.insert({*due, index});
  }

  Fleet& fleet_;
  io::Fd epoll_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::optional<Instant>> deadlines_;
  std::set<std::pair<Instant, size_t>> due_;
  std::mutex mutex_;
  std::vector<size_t> to_add_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Submits builds of one job each.
class Submitter {
 public:
  explicit Submitter(Fleet& fleet) : fleet_(fleet), client_(fleet.context, options(fleet)) {
    io::fill_random(&run_, sizeof run_);
  }
  // The number of the last build.
  uint64_t submit(size_t count) {
    wire::Submit submit;
    submit.request = io::random_token<RequestId>();
    submit.repository = "/srv/bench";
    submit.ref = "refs/heads/main";
    JobSpec job;
    job.name = "test";
    job.steps = {{"test", "true", {}}};
    job.timeout = Duration{60'000};
    job.runs_on = {own_label()};
    submit.pipelines = {{{job}, std::nullopt}};
    for (size_t i = 0; i < count; ++i) {
      std::array<char, 41> revision{};
      std::snprintf(revision.data(), revision.size(), "%016llx%024llx",
                    static_cast<unsigned long long>(run_),
                    static_cast<unsigned long long>(++revisions_));
      submit.revisions.push_back(
          {revision.data(), static_cast<uint32_t>(i), 0, "a commit", "somebody"});
    }
    submit.tip = submit.revisions.front().revision;
    return ask<wire::SubmitOk>(submit).builds.front().build.value;
  }
  wire::QueueStatusOk status() { return ask<wire::QueueStatusOk>(wire::QueueStatus{0}); }
  void newest_build() {
    wire::ListBuilds question;
    question.limit = 1;
    (void)ask<wire::BuildList>(question);
  }
  uint64_t unfinished() {
    const wire::QueueStatusOk status = this->status();
    return status.waiting_count + status.running_count;
  }

 private:
  static io::ClientOptions options(const Fleet& fleet) {
    io::ClientOptions options;
    options.endpoints = {fleet.broker};
    options.key = fleet.client_key;
    options.try_for = Duration{30'000};  // in line with the workers when they all come back
    return options;
  }
  template <class Answer>
  Answer ask(const wire::Message& question) {
    auto answer = client_.ask_for<Answer>(question);
    if (answer) return *answer;
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    std::exit(1);
  }

  Fleet& fleet_;
  io::Client client_;
  uint64_t run_ = 0;
  uint64_t revisions_ = 0;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void pause(int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// A client that asks all the time, in a thread of its own, and how long it waited at most.
class Asker {
 public:
  explicit Asker(Fleet& fleet) : fleet_(fleet) {}
  ~Asker() { stop(); }

  void start() {
    stop();
    known_ = read_ = 0, count_ = 0, stop_ = false;
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void print() const {
    std::printf("{\"asked\": %llu, \"known_ms\": %.1f, \"read_ms\": %.1f}\n",
                static_cast<unsigned long long>(count_), 1000 * known_, 1000 * read_);
  }

 private:
  void run() {
    Submitter client(fleet_);
    for (; !stop_; pause(100), ++count_) {
      const auto start = Clock::now();
      client.status();
      known_ = std::max(known_, seconds_since(start));
      const auto then = Clock::now();
      client.newest_build();
      read_ = std::max(read_, seconds_since(then));
    }
  }

  Fleet& fleet_;
  double known_ = 0, read_ = 0;  // seconds
  uint64_t count_ = 0;
  std::atomic<bool> stop_{true};
  std::thread thread_;
};

void load(Fleet& fleet, Submitter& submitter, uint64_t jobs, double seconds) {
  const auto start = Clock::now();
  const uint64_t before = fleet.recorded;
  for (; seconds_since(start) < seconds; pause(5))
    if (const uint64_t unfinished = submitter.unfinished(); unfinished < jobs)
      submitter.submit(std::min<uint64_t>(jobs - unfinished, limits::kSubmitRevisions));
  std::printf("{\"jobs\": %llu, \"seconds\": %.3f}\n",
              static_cast<unsigned long long>(fleet.recorded - before), seconds_since(start));
  while (submitter.unfinished() > 0) pause(20);
}

// As a client would who has many: kSubmitRevisions jobs a message, no more than kAhead unfinished.
void queue(Fleet& fleet, Submitter& submitter, uint64_t jobs) {
  constexpr uint64_t kAhead = 8 * limits::kSubmitRevisions;
  const auto start = Clock::now();
  const uint64_t before = fleet.recorded;
  for (uint64_t sent = 0; sent < jobs;) {
    while (sent >= kAhead + (fleet.recorded - before))
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    const uint64_t count = std::min<uint64_t>(jobs - sent, limits::kSubmitRevisions);
    submitter.submit(count);
    sent += count;
  }
  while (fleet.recorded - before < jobs) pause(1);
  std::printf("{\"jobs\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(jobs),
              seconds_since(start));
}

void backlog(Submitter& submitter, uint64_t jobs) {
  const auto start = Clock::now();
  for (uint64_t sent = 0; sent < jobs;) {
    const uint64_t count = std::min<uint64_t>(jobs - sent, limits::kSubmitRevisions);
    submitter.submit(count);
    sent += count;
  }
  std::printf("{\"jobs\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(jobs),
              seconds_since(start));
}

void rate(Fleet& fleet, double seconds) {
  const auto start = Clock::now();
  const uint64_t before = fleet.recorded;
  pause(static_cast<int64_t>(1000 * seconds));
  std::printf("{\"jobs\": %llu, \"seconds\": %.6f}\n",
              static_cast<unsigned long long>(fleet.recorded - before), seconds_since(start));
}

// How long jobs waited until a worker had them.
class Waits {
 public:
  explicit Waits(Fleet& fleet) : fleet_(fleet) {}

  void submit_one(Submitter& submitter) {
    submitted_.push_back({Clock::now(), {}, 0});
    submitted_.back().build = submitter.submit(1);
    submitted_.back().acknowledged = Clock::now();
  }
  // Waits for the last one.
  void take() {
    for (const Submitted& job : submitted_) {
      std::unique_lock lock(fleet_.mutex);
      fleet_.assigned.wait_for(lock, std::chrono::seconds(60),
                               [&] { return fleet_.assigned_at.contains(job.build); });
      const auto at = fleet_.assigned_at[job.build];
      add(from_ack_, at - job.acknowledged), add(from_submit_, at - job.asked);
    }
    submitted_.clear();
  }
  void print() const {
    std::printf("{\"from_ack_us\": [%s], \"from_submit_us\": [%s]}\n", from_ack_.c_str(),
                from_submit_.c_str());
  }

 private:
  struct Submitted {
    Clock::time_point asked, acknowledged;
    uint64_t build;
  };
  static void add(std::string& list, Clock::duration waited) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(waited).count();
    list += (list.empty() ? "" : ", ") + std::to_string(us);
  }

  Fleet& fleet_;
  std::vector<Submitted> submitted_;
  std::string from_ack_, from_submit_;
};

void latency(Fleet& fleet, Submitter& submitter, int rounds) {
  Waits waits(fleet);
  for (int i = 0; i < rounds; ++i) {
    waits.submit_one(submitter);
    waits.take();
    while (submitter.unfinished() > 0) pause(1);
    pause(5);
  }
  waits.print();
}

void steady(Fleet& fleet, Submitter& submitter, int64_t every_ms, double seconds) {
  Waits waits(fleet);
  const auto start = Clock::now();
  for (auto due = start; seconds_since(start) < seconds;
       due += std::chrono::milliseconds(every_ms)) {
    std::this_thread::sleep_until(due);
    waits.submit_one(submitter);
  }
  waits.take();
  waits.print();
  while (submitter.unfinished() > 0) pause(20);
}

io::Key key_in(const std::filesystem::path& file) {
  auto key = io::read_key(file);
  if (key) return *key;
  std::fprintf(stderr, "%s\n", key.error().c_str());
  std::exit(2);
}

void run(const std::string& broker, const std::filesystem::path& keys) {
  Fleet fleet;
  fleet.broker = broker;
  if (!keys.empty()) {
    fleet.worker_key = key_in(keys / "worker.key");
    fleet.client_key = key_in(keys / "client.key");
  }
  fleet.context.set(zmq::ctxopt::max_sockets, 60'000);
  Submitter submitter(fleet);
  Asker asker(fleet);
  std::vector<std::unique_ptr<Crew>> crews;
  for (size_t i = 0; i < kThreads; ++i) crews.push_back(std::make_unique<Crew>(fleet));
  size_t workers = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    uint64_t number = 0, second = 0;
    int64_t third = 1;
    words >> command >> number >> second;
    if (!words.eof()) words >> third;
    if (command == "workers") {
      while (workers < number) {
        const size_t next = std::min<size_t>(number, workers + kStartAtOnce);
        for (; workers < next; ++workers) crews[workers % kThreads]->add(workers);
        while (fleet.connected < workers) pause(5);
      }
      std::printf("{\"workers\": %zu}\n", workers);
    } else if (command == "sessions") {
      std::printf("{\"sessions\": %llu}\n",
                  static_cast<unsigned long long>(submitter.status().worker_count));
    } else if (command == "job") {
      fleet.job_ms = static_cast<int64_t>(number), fleet.output_bytes = second;
      fleet.pieces = std::max<int64_t>(third, 1);
      std::printf("{}\n");
    } else if (command == "load") {
      load(fleet, submitter, number, static_cast<double>(second));
    } else if (command == "queue") {
      queue(fleet, submitter, number);
    } else if (command == "backlog") {
      backlog(submitter, number);
    } else if (command == "rate") {
      rate(fleet, static_cast<double>(number));
    } else if (command == "steady") {
      steady(fleet, submitter, static_cast<int64_t>(number), static_cast<double>(second));
    } else if (command == "latency") {
      latency(fleet, submitter, static_cast<int>(number));
    } else if (command == "asking") {
      asker.start();
      std::printf("{}\n");
    } else if (command == "asked") {
      asker.stop();
      asker.print();
    } else if (command == "counters") {
      std::printf("{\"sent\": %llu, \"received\": %llu}\n",
                  static_cast<unsigned long long>(fleet.sent),
                  static_cast<unsigned long long>(fleet.received));
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace seaworthy::bench

int main(int argc, char** argv) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: fleet_workers BROKER [KEYS]\n");
    return 2;
  }
  seaworthy::bench::run(argv[1], argc == 3 ? argv[2] : "");
  return 0;
}
