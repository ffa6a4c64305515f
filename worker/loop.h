// Loop is the worker's only thread: it waits for the broker, for leaders and for signals until the
// core's next deadline, turns what came into events, and does what the core wants done. It decides
// nothing.
#pragma once

#include <zmq.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "shared/io/fd.h"
#include "shared/io/notify.h"
#include "shared/io/socket.h"
#include "worker/attempts.h"
#include "worker/core/core.h"
#include "worker/pool/child.h"

namespace seaworthy::worker {

struct LoopOptions {
  std::vector<std::string> brokers;
  std::optional<io::Key> key;
  Settings settings;
  AttemptsOptions attempts;
};

class Loop {
 public:
  // `signals` delivers SIGTERM and SIGINT: the first drains, the second leaves at once. `pool`
  // outlives it, and is empty for a worker of its own.
  Loop(LoopOptions options, io::Fd signals, pool::Link& pool, io::Supervisor supervisor);
  // Until the core says Exit.
  void run();

 private:
  void wait();
  void take_signals();
  void take_wishes_of_pool();
  void tell_pool();
  void take_messages();
  void measure();
  void tell_supervisor();
  void step(const Event& event);
  void perform(const Effect& effect);
  void send_output(const SendOutput& what);
  void send(wire::Envelope envelope);
  void reconnect();
  void hear_of_trouble();

  LoopOptions options_;
  io::Fd signals_;
  pool::Link& pool_;
  io::Supervisor supervisor_;
  zmq::context_t context_;
  size_t broker_ = 0;
  std::optional<io::Dealer> dealer_;
  Attempts attempts_;
  Core core_;
  std::deque<Event> happened_;  // by doing what the core wanted
  Instant measured_at_;
  std::string trouble_;              // with the last handshake, as it was said
  bool connection_missing_ = false;  // a message could not be handed over
  bool asked_to_stop_ = false;
  bool exiting_ = false;
};

}  // namespace seaworthy::worker
