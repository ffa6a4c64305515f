#include "worker/pool/demand.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "shared/io/clock.h"

namespace seaworthy::worker::pool {
namespace {

// Chosen: short, so that a broker that is gone is soon noticed.
constexpr Duration kWait{5'000};
constexpr Duration kAnswerWithin{2'500};  // beyond the wait
// Chosen: between an answer and the next question, when the number changes all the time.
constexpr Duration kPace{100};
constexpr Duration kBackoffFirst{500};  // doubled, with full jitter
constexpr Duration kBackoffLongest{30'000};
constexpr Duration kAfterRefusal{30'000};

Duration jittered(Duration most) {
  uint32_t random = 0;
  io::fill_random(&random, sizeof random);
  return Duration{static_cast<int64_t>(random) % (most.count() + 1)};
}

}  // namespace

DemandQuestion::DemandQuestion(std::vector<std::string> brokers, std::optional<io::Key> key,
                               std::vector<std::string> labels)
    : brokers_(std::move(brokers)), key_(std::move(key)), labels_(std::move(labels)) {
  // A list with a wrong address ends the program now.
  for (const std::string& broker : brokers_) dealer_.emplace(context_, broker, key_);
  broker_ = brokers_.size() - 1;
}

std::array<zmq::pollitem_t, 2> DemandQuestion::poll_items() {
  const int events = connecting_ ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN;
  return {{{dealer_->handle().handle(), 0, static_cast<short>(events), 0},
           {dealer_->trouble_handle(), 0, ZMQ_POLLIN, 0}}};
}

DemandQuestion::News DemandQuestion::turn(Instant now) {
  hear_of_trouble();
  const News news = take_answer(now).value_or(News{});
  if (asked_ && !connecting_ && now >= due_) return give_up(now);
  if (connecting_ || (!asked_ && now >= due_)) ask(now);
  if (connecting_ && now >= due_) return give_up(now);
  return news;
}

std::optional<DemandQuestion::News> DemandQuestion::take_answer(Instant now) {
  while (auto received = dealer_->receive()) {
    if (!*received || !asked_ || (*received)->tag != tag_) continue;
    const wire::Message& message = (*received)->message;
    if (const auto* error = std::get_if<wire::Error>(&message)) return refused(now, *error);
    const auto* demand = std::get_if<wire::Demand>(&message);
    if (demand == nullptr) continue;
    asked_ = false;
    sure_ = true;
    backoff_ = Duration{0};
    complaint_.clear();
    known_ = demand->waiting;
    due_ = now + kPace;
    return DemandTold{known_};
  }
  return std::nullopt;
}

DemandQuestion::News DemandQuestion::refused(Instant now, const wire::Error& error) {
  asked_ = sure_ = false;
  const auto retry_after = static_cast<int64_t>(std::min<uint64_t>(error.retry_after_ms, 60'000));
  due_ = now + std::max(error.retryable ? kBackoffFirst : kAfterRefusal, Duration{retry_after});
  complain(error.message);
  return DemandUnknown{};
}

void DemandQuestion::hear_of_trouble() {
  if (const std::optional<io::Trouble> trouble = dealer_->trouble()) complain(trouble->text);
}

void DemandQuestion::complain(const std::string& why) {
  if (complaint_ == why) return;
  complaint_ = why;
  spdlog::warn("no broker tells how many jobs wait: {}; asks again, and keeps its workers", why);
}

DemandQuestion::News DemandQuestion::give_up(Instant now) {
  broker_ = (broker_ + 1) % brokers_.size();
  dealer_.reset();
  dealer_.emplace(context_, brokers_[broker_], key_);
  asked_ = connecting_ = sure_ = false;
  backoff_ = std::clamp(backoff_ * 2, kBackoffFirst, kBackoffLongest);
  due_ = now + jittered(backoff_);
  return DemandUnknown{};
}

// Nothing is taken before there is a connection, so the sending itself is awaited.
void DemandQuestion::ask(Instant now) {
  if (!asked_) {
    asked_ = true;
    ++tag_;
    due_ = now + kAnswerWithin;
  }
  const Duration wait = sure_ ? kWait : Duration{0};
  const wire::AwaitDemand question{labels_, known_, static_cast<uint64_t>(wait.count())};
  connecting_ = dealer_->send({question, tag_, {}}) != io::Sent::Taken;
  if (!connecting_) due_ = now + wait + kAnswerWithin;
}

}  // namespace seaworthy::worker::pool
