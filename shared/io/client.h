// Client asks a broker and repeats until there is an answer: the Lazy Pirate of the ZeroMQ guide,
// chapter 4. Every try uses a new socket and the next endpoint of the list; the message, with its
// request id, stays the same, so that a try whose answer was lost changes nothing. For the command
// line, the watcher and the reporter; one thread.
#pragma once

#include <zmq.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/base/time.h"
#include "shared/io/socket.h"
#include "shared/wire/message.h"

namespace seaworthy::io {

struct ClientOptions {
  std::vector<std::string> endpoints;     // at least one
  std::optional<Key> key;                 // of the one who asks
  std::optional<Duration> give_up_after;  // counted from ask(); none: never
  Duration try_for{2'500};      // for an answer, beyond the wait that the question itself asks for
  Duration first_backoff{500};  // doubled up to longest_backoff, with full jitter
  Duration longest_backoff{30'000};
  // Told once when an answer is late or the key is not let in, and what comes next. May be empty.
  std::function<void(const std::string&)> on_trouble;
  // A descriptor that ends the waiting when it is readable (signals); -1: none.
  int interrupt_fd = -1;
};

struct ClientError {
  enum class Kind : uint8_t { NoAnswer, Refused, Interrupted };
  Kind kind = Kind::NoAnswer;
  std::string message;     // for people: what was asked of whom, why not, what to do
  wire::ErrorCode code{};  // of Refused
};

class Client {
 public:
  Client(zmq::context_t& context, ClientOptions options);

  // `waits`: how long the broker may hold the answer back (the wait_ms of a Fetch…).
  Result<wire::Envelope, ClientError> ask(const wire::Message& message,
                                          Duration waits = Duration{0});

  // The broker that answered, after an answer; else the one that is asked next.
  const std::string& endpoint() const { return options_.endpoints[endpoint_]; }

  // As ask(), for an answer of type T; another type is a refusal.
  template <class T>
  Result<T, ClientError> ask_for(const wire::Message& message, Duration waits = Duration{0}) {
    Result<wire::Envelope, ClientError> answer = ask(message, waits);
    if (!answer) return Unexpected{answer.error()};
    if (T* wanted = std::get_if<T>(&answer->message)) return std::move(*wanted);
    return Unexpected{unexpected_answer(answer->message)};
  }

 private:
  enum class Waited : uint8_t { Ready, TimedOut, Refused, Interrupted };
  Waited try_once(const wire::Message& message, Instant until,
                  std::optional<wire::Envelope>& answer);
  // For the socket to become writable or readable.
  Waited wait_for(short what, Instant until);
  bool pause(Duration for_how_long);
  ClientError no_answer(const wire::Message& message) const;
  static ClientError unexpected_answer(const wire::Message& message);

  zmq::context_t& context_;
  ClientOptions options_;
  size_t endpoint_ = 0;
  std::optional<Dealer> dealer_;
  uint64_t next_tag_ = 1;
  std::string trouble_;  // with the last handshake; empty since an answer came
};

}  // namespace seaworthy::io
