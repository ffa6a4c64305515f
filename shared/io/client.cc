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
  Duration backoff = options_.first_backoff;
  for (bool first = true;; first = false) {
    const std::string& endpoint = options_.endpoints[endpoint_];
    const uint64_t tag = next_tag_++;
    if (!dealer_) dealer_.emplace(context_, endpoint);
    Instant until = now() + options_.try_for + waits;
    if (options_.give_up_after) until = std::min(until, started + *options_.give_up_after + waits);

    // IMMEDIATE: nothing is taken before the connection stands, so the send itself is awaited.
    Duration retry_after{0};
    std::optional<wire::Envelope> answer;
    Sent sent = Sent::Full;
    zmq::pollitem_t writable[] = {{dealer_->handle().handle(), 0, ZMQ_POLLOUT, 0},
                                  {nullptr, options_.interrupt_fd, ZMQ_POLLIN, 0}};
    const size_t watched = options_.interrupt_fd >= 0 ? 2 : 1;
    poll(std::span(writable, watched), std::max(until - now(), Duration{0}));
    if (watched == 2 && writable[1].revents != 0)
      return Unexpected{ClientError{ClientError::Kind::Interrupted, "interrupted", {}}};
    if (writable[0].revents != 0) sent = dealer_->send({message, tag, {}});
    if (sent == Sent::Taken) {
      switch (wait_for_answer(tag, until, answer)) {
        case Waited::Interrupted:
          return Unexpected{ClientError{ClientError::Kind::Interrupted, "interrupted", {}}};
        case Waited::TimedOut: break;
        case Waited::Answered:
          auto* error = std::get_if<wire::Error>(&answer->message);
          if (error == nullptr) return std::move(*answer);
          if (!error->retryable)
            return Unexpected{ClientError{ClientError::Kind::Refused, error->message, error->code}};
          retry_after = Duration{static_cast<int64_t>(error->retry_after_ms)};
          break;
      }
    }
    dealer_.reset();  // never trust a reconnection: a new socket for every try
    endpoint_ = (endpoint_ + 1) % options_.endpoints.size();
    if (gave_up())
      return Unexpected{
          ClientError{ClientError::Kind::NoAnswer,
                      "no broker answered " + std::string(wire::name_of(message)) + " at " +
                          joined(options_.endpoints) +
                          ": is one running there? Start one with `seaworthy up`, or name another "
                          "with --broker",
                      {}}};
    if (first && options_.on_trouble)
      options_.on_trouble("no answer from the broker at " + endpoint +
                          "; asking again until there is one");
    if (!pause(std::max(retry_after, jittered(backoff))))
      return Unexpected{ClientError{ClientError::Kind::Interrupted, "interrupted", {}}};
    backoff = std::min(backoff * 2, options_.longest_backoff);
  }
}

Client::Waited Client::wait_for_answer(uint64_t tag, Instant until,
                                       std::optional<wire::Envelope>& answer) {
  const size_t watched = options_.interrupt_fd >= 0 ? 2 : 1;
  for (;;) {
    while (auto received = dealer_->receive())
      if (*received && (*received)->tag == tag) {
        answer = std::move(**received);
        return Waited::Answered;
      }
    Duration left = until - now();
    if (left <= Duration{0}) return Waited::TimedOut;
    zmq::pollitem_t items[] = {{dealer_->handle().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, options_.interrupt_fd, ZMQ_POLLIN, 0}};
    poll(std::span(items, watched), left);
    if (watched == 2 && items[1].revents != 0) return Waited::Interrupted;
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
