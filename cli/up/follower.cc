#include "cli/up/follower.h"

namespace seaworthy::cli {
namespace {

constexpr Duration kHeldBack{20'000};
constexpr Duration kPatience{5'000};  // beyond kHeldBack

}  // namespace

Follower::Follower(zmq::context_t& context, std::string endpoint, std::optional<io::Key> key,
                   EventSequence after)
    : context_(context), endpoint_(std::move(endpoint)), key_(std::move(key)), after_(after) {}

zmq::pollitem_t Follower::item() {
  if (!dealer_) dealer_.emplace(context_, endpoint_, key_);
  const int wanted = asked_ ? ZMQ_POLLIN : ZMQ_POLLOUT;
  return {dealer_->handle().handle(), 0, static_cast<short>(wanted), 0};
}

Instant Follower::deadline() const { return since_ + kHeldBack + kPatience; }

void Follower::ask_anew(Instant now) {
  dealer_.reset();
  asked_ = false;
  since_ = now;
}

std::vector<wire::EventRow> Follower::advance(Instant now) {
  std::vector<wire::EventRow> events;
  if (since_ == Instant{}) since_ = now;
  if (now >= deadline()) ask_anew(now);
  if (!dealer_) return events;
  while (auto received = dealer_->receive()) {
    if (!*received || (*received)->tag != tag_) continue;
    asked_ = false;
    auto* answer = std::get_if<wire::Events>(&(*received)->message);
    if (answer == nullptr) continue;
    after_ = answer->last;
    events = std::move(answer->events);
  }
  if (!asked_) {
    wire::FetchEvents question;
    question.after = after_;
    question.wait_ms = static_cast<uint64_t>(kHeldBack.count());
    asked_ = dealer_->send({question, ++tag_, {}}) == io::Sent::Taken;
    if (asked_) since_ = now;
  }
  return events;
}

}  // namespace seaworthy::cli
