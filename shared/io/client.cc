#include "shared/io/client.h"

#include <algorithm>
#include <array>

#include "shared/base/assert.h"
#include "shared/io/clock.h"

namespace seaworthy::io {
namespace {

Duration jittered(Duration most) {
  uint32_t random = 0;
  fill_random(&random, sizeof random);
  return Duration{static_cast<int64_t>(random) % (most.count() + 1)};
}

std::string joined(const std::vector<std::string>& endpoints) {
  std::string text;
  for (const std::string& endpoint : endpoints) text += (text.empty() ? "" : ", ") + endpoint;
  return text;
}

}  // namespace

Client::Client(zmq::context_t& context, ClientOptions options)
    : context_(context), options_(std::move(options)) {
  SW_ASSERT(!options_.endpoints.empty());
}

Result<wire::Envelope, ClientError> Client::ask(const wire::Message& message, Duration waits) {
  const Instant started = now();
  auto gave_up = [&] {
    return options_.give_up_after && now() - started >= *options_.give_up_after + waits;
  };
  const Unexpected interrupted{ClientError{ClientError::Kind::Interrupted, "interrupted", {}}};
  Duration backoff = options_.first_backoff;
  size_t refusals = 0;  // one after the other
  for (bool first = true;; first = false) {
    Instant until = now() + options_.try_for + waits;
    if (options_.give_up_after) until = std::min(until, started + *options_.give_up_after + waits);
    Duration retry_after{0};
    std::optional<wire::Envelope> answer;
    const Waited waited = try_once(message, until, answer);
    if (waited == Waited::Interrupted) return interrupted;
    if (waited == Waited::Ready) {
      auto* error = std::get_if<wire::Error>(&answer->message);
      if (error == nullptr) return std::move(*answer);
      if (!error->retryable)
        return Unexpected{ClientError{ClientError::Kind::Refused, error->message, error->code}};
      retry_after = Duration{static_cast<int64_t>(error->retry_after_ms)};
    }
    // Who gives up some time is a person: told at once that there is nothing to wait for.
    refusals = waited == Waited::Refused ? refusals + 1 : 0;
    if (options_.give_up_after && refusals == options_.endpoints.size())
      return Unexpected{
          ClientError{ClientError::Kind::Refused, trouble_, wire::ErrorCode::Refused}};
    const std::string endpoint = options_.endpoints[endpoint_];
    dealer_.reset();  // never trust a reconnection: a new socket for every try
    endpoint_ = (endpoint_ + 1) % options_.endpoints.size();
    if (gave_up()) return Unexpected{no_answer(message)};
    if (first && options_.on_trouble)
      options_.on_trouble(trouble_.empty() ? "no answer from the broker at " + endpoint +
                                                 "; asking again until there is one"
                                           : trouble_ + "; asking again");
    if (!pause(std::max(retry_after, jittered(backoff)))) return interrupted;
    backoff = std::min(backoff * 2, options_.longest_backoff);
  }
}

ClientError Client::no_answer(const wire::Message& message) const {
  const std::string why = trouble_.empty()
                              ? "is one running there? Start one with `seaworthy up`, or name "
                                "another with --broker"
                              : trouble_;
  return {ClientError::Kind::NoAnswer,
          "no broker answered " + std::string(wire::name_of(message)) + " at " +
              joined(options_.endpoints) + ": " + why,
          {}};
}

Client::Waited Client::try_once(const wire::Message& message, Instant until,
                                std::optional<wire::Envelope>& answer) {
  if (!dealer_) dealer_.emplace(context_, options_.endpoints[endpoint_], options_.key);
  const uint64_t tag = next_tag_++;
  // IMMEDIATE: nothing is taken before the connection stands, so the send itself is awaited.
  if (const Waited waited = wait_for(ZMQ_POLLOUT, until); waited != Waited::Ready) return waited;
  if (dealer_->send({message, tag, {}}) != Sent::Taken) return Waited::TimedOut;
  for (;;) {
    while (auto received = dealer_->receive())
      if (*received && (*received)->tag == tag) {
        trouble_.clear();
        answer = std::move(**received);
        return Waited::Ready;
      }
    if (const Waited waited = wait_for(ZMQ_POLLIN, until); waited != Waited::Ready) return waited;
  }
}

Client::Waited Client::wait_for(short what, Instant until) {
  for (;;) {
    zmq::pollitem_t items[] = {{dealer_->handle().handle(), 0, what, 0},
                               {dealer_->trouble_handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, options_.interrupt_fd, ZMQ_POLLIN, 0}};
    const size_t watched = options_.interrupt_fd >= 0 ? 3 : 2;
    poll(std::span(items, watched), std::max(until - now(), Duration{0}));
    if (watched == 3 && items[2].revents != 0) return Waited::Interrupted;
    if (items[0].revents != 0) return Waited::Ready;
    if (auto trouble = dealer_->trouble()) {
      trouble_ = trouble->text;
      if (trouble->is_refusal) return Waited::Refused;
    }
    if (now() >= until) return Waited::TimedOut;
  }
}

bool Client::pause(Duration for_how_long) {
  zmq::pollitem_t items[] = {{nullptr, options_.interrupt_fd, ZMQ_POLLIN, 0}};
  poll(std::span(items, options_.interrupt_fd >= 0 ? 1u : 0u), for_how_long);
  return options_.interrupt_fd < 0 || items[0].revents == 0;
}

ClientError Client::unexpected_answer(const wire::Message& message) {
  return {ClientError::Kind::Refused,
          "the broker answered with " + std::string(wire::name_of(message)) +
              ", which is no answer to this: are both of one release?",
          wire::ErrorCode::BadMessage};
}

}  // namespace seaworthy::io
