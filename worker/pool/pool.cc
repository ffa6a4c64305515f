#include "worker/pool/pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "shared/base/overloaded.h"
#include "shared/io/clock.h"
#include "shared/io/process.h"
#include "shared/io/signals.h"
#include "worker/pool/child.h"

namespace seaworthy::worker::pool {

std::string wanted(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? " for [" : ", ") + label;
  return text.empty() ? "" : text + "]";
}

std::vector<std::string> environment_of_workers() {
  constexpr std::array kOurs{
      "SEAWORTHY_POOL=", "SEAWORTHY_IDLE=", "SEAWORTHY_CONFIG=", "SEAWORTHY_JOIN="};
  std::vector<std::string> environment = io::environment_with({});
  std::erase_if(environment, [&](const std::string& entry) {
    return std::ranges::any_of(kOurs, [&](const char* name) { return entry.starts_with(name); });
  });
  return environment;
}

Pool::Pool(PoolOptions options, io::Fd signals, io::Supervisor supervisor)
    : options_(std::move(options)),
      signals_(std::move(signals)),
      supervisor_(std::move(supervisor)),
      demand_(options_.brokers, options_.key, options_.labels),
      core_(options_.settings) {}

void Pool::run() {
  step(Tick{});
  while (!exiting_) {
    wait();
    take_signals();
    take_words_of_workers();
    const DemandQuestion::News news = demand_.turn(io::now());
    if (const auto* told = std::get_if<DemandTold>(&news)) {
      supervisor_.ready();
      step(*told);
    }
    if (std::holds_alternative<DemandUnknown>(news)) step(DemandUnknown{});
    step(Tick{});
    if (asked_to_stop_) supervisor_.stopping();
    supervisor_.alive(io::now());
  }
}

void Pool::wait() {
  std::vector<zmq::pollitem_t> items{{nullptr, signals_.get(), ZMQ_POLLIN, 0}};
  for (const zmq::pollitem_t& item : demand_.poll_items()) items.push_back(item);
  for (const auto& [slot, worker] : workers_) {
    items.push_back({nullptr, worker.ended_fd(), ZMQ_POLLIN, 0});
    if (worker.report_fd() >= 0) items.push_back({nullptr, worker.report_fd(), ZMQ_POLLIN, 0});
  }
  Instant due = demand_.next_deadline();
  due = std::min(due, core_.next_deadline().value_or(due));
  due = std::min(due, supervisor_.next_deadline().value_or(due));
  io::poll(items, std::max(due - io::now(), Duration{0}));
}

void Pool::take_signals() {
  while (io::next_signal(signals_)) {
    if (std::exchange(asked_to_stop_, true))
      step(LeaveRequested{});
    else
      step(DrainRequested{});
  }
}

void Pool::take_words_of_workers() {
  std::vector<Event> events;
  for (auto it = workers_.begin(); it != workers_.end();) {
    auto& [slot, worker] = *it;
    // Asked first: once it has ended, all its words are in the pipe.
    const bool ended = worker.has_ended();
    if (const std::optional<State> state = worker.read_state())
      events.push_back(WorkerSaid{slot, *state});
    if (ended) events.push_back(WorkerEnded{slot, worker.reap()});
    it = ended ? workers_.erase(it) : std::next(it);
  }
  for (const Event& event : events) step(event);
}

void Pool::step(const Event& event) {
  happened_.push_back(event);
  while (!happened_.empty() && !exiting_) {
    const Event next = std::move(happened_.front());
    happened_.erase(happened_.begin());
    for (const Effect& effect : core_.step(io::now(), next)) perform(effect);
  }
}

void Pool::perform(const Effect& effect) {
  std::visit(overloaded{[this](const Start& what) { start(what.slot); },
                        [this](const Drain& what) {
                          if (auto found = workers_.find(what.slot); found != workers_.end())
                            found->second.drain();
                        },
                        [this](const Leave& what) {
                          if (auto found = workers_.find(what.slot); found != workers_.end())
                            found->second.leave();
                        },
                        [](const Say& what) {
                          switch (what.severity) {
                            case Say::Severity::Info: return spdlog::info("{}", what.text);
                            case Say::Severity::Warning: return spdlog::warn("{}", what.text);
                            case Say::Severity::Debug: return spdlog::debug("{}", what.text);
                          }
                        },
                        [this](const Exit&) { exiting_ = true; }},
             effect);
}

void Pool::start(Slot slot) {
  const std::string number = std::to_string(slot);
  std::vector<std::string> argv{"/proc/self/exe", std::string(kPooledMode), options_.leader};
  argv.insert(argv.end(), options_.arguments.begin(), options_.arguments.end());
  argv.insert(argv.end(), {"--name", options_.name + "/" + number, "--state",
                           (options_.state / ("worker-" + number)).string()});
  auto worker = ChildProcess::start(std::move(argv), environment_of_workers());
  if (worker)
    workers_.emplace(slot, std::move(*worker));
  else
    happened_.push_back(StartFailed{slot, worker.error()});
}

}  // namespace seaworthy::worker::pool
