// Connections bounds what peers of a bound socket cost, which libzmq 4.3.4 does not: how many there
// are, how much one may send that is no whole message, and how many messages and bytes a second.
// (A message of parts that never ends stays in memory until its connection does; a listener that
// finds no descriptor spins.) Who goes too far is an offender, to be cut off: an honest peer
// connects again. It follows libzmq's own account of the
// connections, and knows them by descriptor; the socket is bound after it is made. The poll
// thread's.
#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shared/base/time.h"
#include "shared/io/fd.h"
#include "shared/io/socket.h"

namespace seaworthy::broker {

class Connections {
 public:
  struct Limits {
    size_t most = 0;
    uint64_t most_unread_bytes = 0;  // received of one connection beyond its whole messages
    // Of all that one user sends; who has no key is on this machine, and could burn it otherwise.
    uint64_t messages_a_second = 0;
    uint64_t messages_a_second_more = 0;  // for each connection
    uint64_t bytes_a_second = 0;
    size_t most_of_user = 0;  // connections
  };
  // Watches `socket`, which must outlive it. `name` is unique in the context.
  Connections(zmq::context_t& context, zmq::socket_t& socket, const std::string& name,
              Limits limits);

  // Readable when take() has something to do. It must be called then: libzmq waits for it.
  void* handle() { return monitor_.handle(); }
  struct Happened {
    uint64_t silent = 0;     // ended, and never sent a whole message
    uint64_t refused = 0;    // were one too many
    uint64_t not_taken = 0;  // there was no descriptor for them
  };
  Happened take();

  // A whole message came.
  void received(const io::Received& message);
  void cut_off(int descriptor);

  struct Offender {
    int descriptor = -1;
    io::Peer peer;
    std::string user;  // empty: nobody known
    std::string what;  // for people: "it sent …"
  };
  // Who has gone too far since it was asked last. To be called several times a second.
  std::vector<Offender> offenders(Instant now);

  // Those of users for whom `is_known` is false.
  std::vector<Offender> of_strangers(const std::function<bool(const std::string&)>& is_known) const;

  size_t size() const { return open_.size(); }

 private:
  struct Count {
    uint64_t messages = 0;
    uint64_t bytes = 0;
    size_t connections = 0;
  };
  void make_room();
  bool may_have_hoarders(Instant now);
  void find_hoarders(std::vector<Offender>& offenders) const;
  void find_floods(Duration window, std::vector<Offender>& offenders) const;
  std::string excess(const Count& count, Duration window) const;

  Limits limits_;
  zmq::socket_t monitor_;
  struct Connection {
    uint64_t received = 0;  // bytes in whole messages
    io::Peer peer;          // as of its last message
    std::string user;
    Count lately;  // since counted_from_
  };
  std::map<int, Connection> open_;  // by descriptor
  Instant counted_from_;
  io::Fd memory_;          // /proc/self/statm
  uint64_t resident_ = 0;  // the least since hoarders were looked for
  Instant look_for_hoarders_;
};

// Lets this process have as many descriptors as the system allows, and returns how many connections
// leave enough of them for files.
size_t raise_descriptor_limit();

}  // namespace seaworthy::broker
