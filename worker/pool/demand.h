// DemandQuestion asks a broker how many jobs wait for workers of some labels, and asks again with
// each answer: the Lazy Pirate of io/client.h, for a loop that has other things to do meanwhile. No
// answer in time: a new socket, to the next broker of the list. One thread; nothing blocks.
#pragma once

#include <zmq.hpp>

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/socket.h"
#include "worker/pool/core.h"

namespace seaworthy::worker::pool {

class DemandQuestion {
 public:
  // Throws with a text for people when an address is none.
  DemandQuestion(std::vector<std::string> brokers, std::optional<io::Key> key,
                 std::vector<std::string> labels);

  using News = std::variant<std::monostate, DemandTold, DemandUnknown>;
  // Takes what came and sends what is due. To be called when the socket or the time says so.
  News turn(Instant now);
  std::array<zmq::pollitem_t, 2> poll_items();
  Instant next_deadline() const { return due_; }

 private:
  std::optional<News> take_answer(Instant now);
  News refused(Instant now, const wire::Error& error);
  News give_up(Instant now);
  void ask(Instant now);
  void hear_of_trouble();
  void complain(const std::string& why);

  std::vector<std::string> brokers_;
  std::optional<io::Key> key_;
  std::vector<std::string> labels_;
  zmq::context_t context_;
  size_t broker_ = 0;
  std::optional<io::Dealer> dealer_;
  uint64_t known_ = 0;
  bool sure_ = false;  // that it still is so; else the answer must come at once
  uint64_t tag_ = 0;
  bool asked_ = false;
  bool connecting_ = false;  // could not be handed over yet
  Instant due_;              // for the next question, or at the latest for its answer
  Duration backoff_{0};
  std::string complaint_;  // as it was last said
};

}  // namespace seaworthy::worker::pool
