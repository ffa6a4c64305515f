// Doorkeeper lets in who has a key on the ring, and where there is no ring everybody; but nobody
// who brings a routing id of his own: with libzmq 4.3.4 a peer may claim the id that ROUTER is
// about to give to somebody else, and the process is aborted when it does; the ids are easy to
// guess. It is libzmq's ZAP handler (RFC 27) for the context: made before any socket of it is
// bound, one per process. The poll thread's.
#pragma once

#include <zmq.hpp>

#include "broker/keyring.h"

namespace seaworthy::broker {

class Doorkeeper {
 public:
  // The ring, if there is one, must outlive it.
  Doorkeeper(zmq::context_t& context, KeyRing* ring);
  // Readable when somebody waits to be let in.
  void* handle() { return socket_.handle(); }
  // Lets in or refuses those that wait. Their messages carry their public key in hex as the user.
  void take(Instant now);

 private:
  KeyRing* ring_;
  zmq::socket_t socket_;
};

}  // namespace seaworthy::broker
