// Sockets that speak envelopes: Dealer (one broker), Router (many peers). All options that libzmq
// 4.3.4 needs to behave are set here, with the reason, and nowhere else. One thread per socket; one
// context per process. Nothing blocks: sending says whether it was taken, which never means that it
// was delivered.
#pragma once

#include <zmq.hpp>

#include <optional>
#include <span>
#include <string>

#include "shared/base/result.h"
#include "shared/io/keys.h"
#include "shared/wire/codec.h"

namespace seaworthy::io {

// A connection at a Router, for as long as it lasts. libzmq numbers them; peers cannot choose.
using Peer = Id<struct PeerTag, uint32_t>;

// Waits until one of them is ready or `most` has passed (negative: for ever). Unlike zmq::poll it
// does not throw when the process was stopped and continued meanwhile: it returns early, with
// nothing ready.
void poll(std::span<zmq::pollitem_t> items, Duration most);

enum class Sent : uint8_t { Taken, Unreachable, Full };

// What is wrong with a handshake, for people. A refusal will not go away by trying again at once.
struct Trouble {
  std::string text;
  bool is_refusal = false;
};

class Dealer {
 public:
  // With a key the connection is encrypted, and nobody but the broker that the key names is at the
  // other end.
  Dealer(zmq::context_t& context, const std::string& endpoint, const std::optional<Key>& key = {});
  ~Dealer();
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;
  Sent send(const wire::Envelope& envelope);
  // The next message, if one is there. Frames that do not decode are an error; the socket stays
  // usable.
  std::optional<Result<wire::Envelope, wire::DecodeError>> receive();
  zmq::socket_t& handle() { return socket_; }

  // The last one since it was asked for. A socket that was refused is of no use any more; a new one
  // may be let in. trouble_handle() is readable when there may be some.
  std::optional<Trouble> trouble();
  void* trouble_handle() { return monitor_.handle(); }

 private:
  std::string endpoint_;
  std::optional<std::string> key_name_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
};

struct Received {
  Peer peer;
  Result<wire::Envelope, wire::DecodeError> envelope;
  std::string user;         // the public key, in hex, that the connection was let in with; or empty
  int descriptor = -1;      // of the connection it came by, if that is known
  uint64_t wire_bytes = 0;  // what it took there
};

class Router {
 public:
  // With a secret key only those are let in that the context's ZAP handler lets in; it must be
  // there before this is bound.
  explicit Router(zmq::context_t& context, const std::optional<SecretKey>& key = {});
  Router(zmq::context_t& context, const std::string& endpoint) : Router(context) { bind(endpoint); }
  // Throws std::runtime_error that says what to do when the port is in use.
  void bind(const std::string& endpoint);
  Sent send(Peer peer, const wire::Envelope& envelope);
  std::optional<Received> receive();
  // With the port that the system chose where 0 was asked for.
  const std::string& endpoint() const { return endpoint_; }
  zmq::socket_t& handle() { return socket_; }

 private:
  zmq::socket_t socket_;
  bool encrypted_ = false;
  std::string endpoint_;
};

}  // namespace seaworthy::io
