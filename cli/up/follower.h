// Follower asks the broker for events, one long poll after another, without ever blocking: the loop
// of `up` polls item() beside its children and signals. A question without an answer is asked again
// on a new socket.
#pragma once

#include <zmq.hpp>

#include <optional>
#include <string>
#include <vector>

#include "shared/io/socket.h"

namespace seaworthy::cli {

class Follower {
 public:
  // Tells events after `after`.
  Follower(zmq::context_t& context, std::string endpoint, std::optional<io::Key> key,
           EventSequence after);

  zmq::pollitem_t item();
  Instant deadline() const;
  // Sends and receives what can be; the events that came, in order.
  std::vector<wire::EventRow> advance(Instant now);
  // The broker was started anew: what was asked is forgotten there.
  void ask_anew(Instant now);

 private:
  zmq::context_t& context_;
  std::string endpoint_;
  std::optional<io::Key> key_;
  EventSequence after_;
  std::optional<io::Dealer> dealer_;
  bool asked_ = false;
  uint64_t tag_ = 0;
  Instant since_;  // of the question, or of the attempt to ask it
};

}  // namespace seaworthy::cli
