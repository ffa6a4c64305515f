#include "worker/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "shared/base/overloaded.h"
#include "shared/io/clock.h"
#include "shared/io/signals.h"

namespace seaworthy::worker {
namespace {

constexpr Duration kMeasureEvery{10'000};
constexpr int kMessagesPerTurn = 256;  // then leaders and signals have theirs

}  // namespace

Loop::Loop(LoopOptions options, io::Fd signals, pool::Link& pool, io::Supervisor supervisor)
    : options_(std::move(options)),
      signals_(std::move(signals)),
      pool_(pool),
      supervisor_(std::move(supervisor)),
      dealer_(std::in_place, context_, options_.brokers.front(), options_.key),
      attempts_(options_.attempts),
      core_(options_.settings) {
  // A list with a wrong address ends the program now, not in the middle of a job.
  for (size_t other = 1; other < options_.brokers.size(); ++other)
    io::Dealer(context_, options_.brokers[other], options_.key);
}

void Loop::run() {
  measure();
  for (const Event& event : attempts_.recover()) step(event);
  step(Tick{});
  while (!exiting_) {
    tell_pool();
    attempts_.prepare();
    wait();
    take_signals();
    take_messages();
    take_wishes_of_pool();  // a job that came in the same moment is done first
    for (const Event& event : attempts_.collect()) step(event);
    measure();
    step(Tick{});
    tell_supervisor();
  }
}

void Loop::wait() {
  std::vector<zmq::pollitem_t> items{
      {nullptr, signals_.get(), ZMQ_POLLIN, 0},
      {dealer_->handle().handle(), 0,
       static_cast<short>(connection_missing_ ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN), 0},
      {dealer_->trouble_handle(), 0, ZMQ_POLLIN, 0}};
  if (pool_.control_fd() >= 0) items.push_back({nullptr, pool_.control_fd(), ZMQ_POLLIN, 0});
  for (int fd : attempts_.descriptors()) items.push_back({nullptr, fd, ZMQ_POLLIN, 0});
  std::optional<Instant> due = core_.next_deadline();
  if (const auto word = supervisor_.next_deadline()) due = std::min(due.value_or(*word), *word);
  const Duration most = due ? std::max(*due - io::now(), Duration{0}) : Duration{-1};
  io::poll(items, most);
  if (items[2].revents != 0) hear_of_trouble();
  if (!connection_missing_ || (items[1].revents & ZMQ_POLLOUT) == 0) return;
  connection_missing_ = false;
  step(Writable{});
}

void Loop::hear_of_trouble() {
  const std::optional<io::Trouble> trouble = dealer_->trouble();
  if (!trouble || trouble->text == trouble_) return;
  trouble_ = trouble->text;
  spdlog::warn("{}; it asks again", trouble_);
}

void Loop::take_signals() {
  while (io::next_signal(signals_)) {
    if (std::exchange(asked_to_stop_, true))
      step(LeaveRequested{});
    else
      step(DrainRequested{});
  }
}

void Loop::take_wishes_of_pool() {
  while (std::optional<pool::Wish> wish = pool_.next_wish()) {
    if (*wish == pool::Wish::PoolIsGone)
      spdlog::warn("the pool that started this worker is gone: takes no other job, and ends");
    if (*wish == pool::Wish::Leave)
      step(LeaveRequested{});
    else
      step(DrainRequested{});
  }
}

void Loop::tell_pool() {
  if (core_.holds_attempts()) return pool_.tell(pool::State::Busy);
  pool_.tell(core_.phase() == Phase::Offline ? pool::State::Offline : pool::State::Idle);
}

void Loop::take_messages() {
  for (int i = 0; i < kMessagesPerTurn && !exiting_; ++i) {
    auto received = dealer_->receive();
    if (!received) return;
    trouble_.clear();
    if (*received)
      step(Received{std::move((*received)->message)});
    else
      spdlog::warn("ignored a message of the broker: {}", received->error().reason);
  }
}

void Loop::measure() {
  const Instant now = io::now();
  if (measured_at_ != Instant{} && now - measured_at_ < kMeasureEvery) return;
  measured_at_ = now;
  double load = 0;
  if (getloadavg(&load, 1) != 1) load = 0;
  std::error_code error;
  const auto space = std::filesystem::space(options_.attempts.state, error);
  step(Measured{static_cast<uint32_t>(load * 1000), error ? UINT64_MAX : space.available});
}

void Loop::tell_supervisor() {
  if (core_.phase() != Phase::Offline) supervisor_.ready();
  if (asked_to_stop_) supervisor_.stopping();
  supervisor_.alive(io::now());
}

void Loop::step(const Event& event) {
  happened_.push_back(event);
  while (!happened_.empty() && !exiting_) {
    const Event next = std::move(happened_.front());
    happened_.pop_front();
    for (const Effect& effect : core_.step(io::moment(), next)) perform(effect);
  }
}

void Loop::perform(const Effect& effect) {
  std::visit(overloaded{[this](const Send& what) {
                          send({what.message, 0, {}});
                        },
                        [this](const SendOutput& what) { send_output(what); },
                        [this](const StartAttempt& what) {
                          for (Event& event : attempts_.start(what.assign))
                            happened_.push_back(std::move(event));
                        },
                        [this](const EndAttempt& what) { attempts_.cancel(what.key); },
                        [this](const KillAttempt& what) { attempts_.kill(what.key); },
                        [this](const DiscardSpool& what) { attempts_.discard(what.key); },
                        [this](const Reconnect&) { reconnect(); },
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

// In several messages if it was written in so many moments that one has no room for their times.
void Loop::send_output(const SendOutput& what) {
  const uint64_t end = what.offset + what.size_bytes;
  for (uint64_t from = what.offset; from < end;) {
    io::TimesRead known = attempts_.read_times(what.key, from, end);
    auto bytes = attempts_.read_output(what.key, from, static_cast<size_t>(known.to - from));
    if (!bytes) return spdlog::error("{}", bytes.error());
    send({wire::Output{options_.settings.boot, what.key.job, what.key.attempt, from,
                       std::move(known.times)},
          0, std::move(*bytes)});
    from = known.to;
  }
}

// What is not taken is not kept: the core starts the conversation over when there is a connection.
void Loop::send(wire::Envelope envelope) {
  if (dealer_->send(envelope) != io::Sent::Taken) connection_missing_ = true;
}

void Loop::reconnect() {
  broker_ = (broker_ + 1) % options_.brokers.size();
  dealer_.reset();
  dealer_.emplace(context_, options_.brokers[broker_], options_.key);
}

}  // namespace seaworthy::worker
