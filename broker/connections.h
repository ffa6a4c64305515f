// Connections bounds what peers of a bound socket cost, which libzmq 4.3.4 does not: how many there
// are, and how much one may send that is no whole message. (A message of parts that never ends
// stays in memory until its connection does; a listener that finds no descriptor spins.) Whoever
// goes too far is cut off: an honest peer connects again. It follows libzmq's own account of the
// connections, and knows them by descriptor; the socket is bound after it is made. The poll
// thread's.
#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace seaworthy::broker {

class Connections {
 public:
  struct Limits {
    size_t most = 0;
    uint64_t most_unread_bytes = 0;  // received of one connection beyond its whole messages
  };
  // Watches `socket`, which must outlive it. `name` is unique in the context.
  Connections(zmq::context_t& context, zmq::socket_t& socket, const std::string& name,
              Limits limits);

  // Readable when take() has something to do. It must be called then: libzmq waits for it.
  void* handle() { return monitor_.handle(); }
  struct Happened {
    uint64_t failed_handshakes = 0;
    uint64_t refused = 0;    // were one too many
    uint64_t not_taken = 0;  // there was no descriptor for them
  };
  Happened take();

  // A whole message came, of so many bytes on the wire. Descriptor -1: not known.
  void received(int descriptor, uint64_t bytes);
  // Cuts off who sends without end what never becomes a message; how many. To be called often.
  uint64_t cut_off_hoarders();

  size_t size() const { return received_.size(); }

 private:
  void make_room();

  Limits limits_;
  zmq::socket_t monitor_;
  std::map<int, uint64_t> received_;  // bytes in whole messages, by descriptor
};

// Lets this process have as many descriptors as the system allows, and returns how many connections
// leave enough of them for files.
size_t raise_descriptor_limit();

}  // namespace seaworthy::broker
