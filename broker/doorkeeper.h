// Doorkeeper lets peers in that have no routing id of their own, and no others. With libzmq 4.3.4 a
// peer may claim the id that ROUTER is about to give to somebody else, and the process is aborted
// when it does; the ids are easy to guess. It is libzmq's ZAP handler (RFC 27) for the context:
// made before any socket of it is bound, one per process. The poll thread's.
#pragma once

#include <zmq.hpp>

#include <cstdint>

namespace seaworthy::broker {

class Doorkeeper {
 public:
  explicit Doorkeeper(zmq::context_t& context);
  // Readable when somebody waits to be let in.
  void* handle() { return socket_.handle(); }
  // Lets in or refuses those that wait; how many were refused.
  uint64_t take();

 private:
  zmq::socket_t socket_;
};

}  // namespace seaworthy::broker
