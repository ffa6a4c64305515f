#include "shared/io/socket.h"

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::io {
namespace {

using zmq::sockopt::backlog;

// A dead peer is noticed by TCP: by keep-alive when nothing is under way, by tcp_maxrt when data is
// unacknowledged. Not by ZMTP's heartbeats: libzmq 4.3.4 aborts the process when one is due on a
// connection that broke while its messages were not taken (stream_engine_base.cpp, out_event).
void set_common(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, 15);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, 5);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 3);
  socket.set(zmq::sockopt::tcp_maxrt, 15'000);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(limits::kMessageBytes));
}

// Returns the endpoint with the port that the system chose where 0 was asked for.
std::string bind_to(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    socket.bind(endpoint);
    return socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    std::string advice =
        error.num() == EADDRINUSE
            ? ": another program, perhaps another broker, listens there; stop it or choose "
              "another address"
            : ": an address looks like tcp://127.0.0.1:8888";
    throw std::runtime_error("cannot listen on " + endpoint + ": " + error.what() + advice);
  }
}

std::string_view as_text(const KeyBytes& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

std::atomic<uint64_t> next_dealer = 0;  // names of monitors are unique in a context

std::string_view text(const zmq::message_t& frame) { return {frame.data<char>(), frame.size()}; }

struct Frames {
  std::vector<zmq::message_t> kept;
  uint64_t wire_bytes = 0;  // of all of them
};

// With what ZMTP puts before it, and CURVE around it (a command's name, a nonce, a code, a flag).
uint64_t wire_size(const zmq::message_t& frame, bool encrypted) {
  constexpr uint64_t kCurve = 8 + 8 + 16 + 1;
  const uint64_t size = frame.size() + (encrypted ? kCurve : 0);
  return size + (size > 255 ? 9 : 2);
}

// The next message; nothing kept if there is none. A message of too many frames is read to its end,
// and only its first ones are kept: it will not decode.
Frames receive_frames(zmq::socket_t& socket, bool encrypted = false) {
  constexpr size_t kMostFrames = 5;
  Frames frames;
  bool more = true;
  while (more) {
    zmq::message_t frame;
    if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
    more = frame.more();
    frames.wire_bytes += wire_size(frame, encrypted);
    if (frames.kept.size() < kMostFrames) frames.kept.push_back(std::move(frame));
  }
  return frames;
}

Result<wire::Envelope, wire::DecodeError> decode_frames(const std::vector<zmq::message_t>& frames,
                                                        size_t first) {
  size_t count = frames.size() - first;
  if (count != 2 && count != 3)
    return Unexpected{
        wire::DecodeError{wire::ErrorCode::BadMessage,
                          "a message has two or three frames, this one another number", 0}};
  auto envelope = wire::decode(text(frames[first]), text(frames[first + 1]));
  if (envelope && count == 3) envelope->blob.assign(text(frames[first + 2]));
  return envelope;
}

Sent send_envelope(zmq::socket_t& socket, const zmq::const_buffer* routing_id,
                   const wire::Envelope& envelope) {
  wire::EncodedMessage encoded = wire::encode(envelope.message, envelope.tag);
  const auto last = zmq::send_flags::dontwait;
  const auto more = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
  try {
    if (routing_id != nullptr && !socket.send(*routing_id, more)) return Sent::Full;
    if (!socket.send(zmq::buffer(encoded.header), more)) return Sent::Full;
    bool has_blob = !envelope.blob.empty();
    if (!socket.send(zmq::buffer(encoded.body), has_blob ? more : last)) return Sent::Full;
    if (has_blob && !socket.send(zmq::buffer(envelope.blob), last)) return Sent::Full;
    return Sent::Taken;
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return Sent::Unreachable;
    throw;
  }
}

// Whom the ZAP handler called the peer. libzmq 4.3.4 does not tell it of the routing id's frame.
std::string user_of(zmq::message_t& frame) {
  const char* user = zmq_msg_gets(frame.handle(), "User-Id");
  return user == nullptr ? "" : user;
}

// The connection that a frame came by. libzmq 4.3.4 does not tell it of the routing id's frame.
int descriptor_of(zmq::message_t& frame) { return zmq_msg_get(frame.handle(), ZMQ_SRCFD); }

std::string in_words(uint16_t event, uint32_t value, const std::string& endpoint,
                     const std::optional<std::string>& key_name) {
  const std::string at = "the broker at " + endpoint;
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
    return at + " did not let in the key " + key_name.value_or("") +
           ": it was revoked or never invited there (`seaworthy keys list` on its machine), or it "
           "is kept out for a while";
  if (value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    return key_name
               ? at + " knows no keys, and this program was told to use one: is it the right "
                      "address, and was the broker started with --keys?"
               : at + " lets in only those with a key: name one with --key; `seaworthy invite` "
                      "on its machine makes one";
  if (!key_name)
    return at +
           " ended the handshake: perhaps it lets in only those with a key (--key FILE), perhaps "
           "it "
           "is no broker";
  return at + " ended the handshake: either it has another key than the one that " + *key_name +
         " was made for (is it the right address, was the broker given new keys?), or it is full, "
         "or about to stop";
}

// ROUTER's own routing ids are a zero byte and a number.
std::optional<Peer> peer_from(const zmq::message_t& frame) {
  if (frame.size() != 5 || frame.data<char>()[0] != 0) return std::nullopt;
  uint32_t number = 0;
  for (char byte : text(frame).substr(1)) number = number << 8 | static_cast<uint8_t>(byte);
  return Peer{number};
}

}  // namespace

void poll(std::span<zmq::pollitem_t> items, Duration most) {
  try {
    zmq::poll(items.data(), items.size(), most);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
    for (zmq::pollitem_t& item : items) item.revents = 0;
  }
}

Dealer::Dealer(zmq::context_t& context, const std::string& endpoint, const std::optional<Key>& key)
    : endpoint_(endpoint),
      socket_(context, zmq::socket_type::dealer),
      monitor_(context, zmq::socket_type::pair) {
  set_common(socket_);
  // Counts while the broker has not taken the connection yet: when thousands come back at once, who
  // gives up stands at the end of the line again. A broker that is silent is left by whoever asks.
  socket_.set(zmq::sockopt::handshake_ivl, 60'000);
  if (key) {
    key_name_ = key->name;
    const PublicKey own = public_key_of(key->secret);
    socket_.set(zmq::sockopt::curve_serverkey, as_text(key->server.bytes));
    socket_.set(zmq::sockopt::curve_publickey, as_text(own.bytes));
    socket_.set(zmq::sockopt::curve_secretkey, as_text(key->secret.bytes));
  }
  monitor_.set(zmq::sockopt::linger, 0);
  const std::string events = "inproc://trouble-of-" + std::to_string(next_dealer++);
  constexpr int kHandshakes = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  if (zmq_socket_monitor(socket_.handle(), events.c_str(), kHandshakes) != 0) throw zmq::error_t();
  monitor_.connect(events);
  socket_.set(zmq::sockopt::immediate, true);  // nothing is queued for a broker that is not there
  socket_.set(zmq::sockopt::reconnect_ivl, 200);
  socket_.set(zmq::sockopt::reconnect_ivl_max, 10'000);
  try {
    socket_.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error("cannot connect to " + endpoint + ": " + error.what() +
                             ": an address looks like tcp://127.0.0.1:8888");
  }
}

// libzmq's thread waits for room in the monitor, for ever if the other end is closed: with it every
// socket of the context. So the monitor is ended first. That takes a lock which the thread holds
// while it waits, hence room is made before.
Dealer::~Dealer() {
  (void)trouble();
  (void)zmq_socket_monitor(socket_.handle(), nullptr, 0);
}

Sent Dealer::send(const wire::Envelope& envelope) {
  return send_envelope(socket_, nullptr, envelope);
}

std::optional<Result<wire::Envelope, wire::DecodeError>> Dealer::receive() {
  Frames frames = receive_frames(socket_);
  if (frames.kept.empty()) return std::nullopt;
  return decode_frames(frames.kept, 0);
}

std::optional<Trouble> Dealer::trouble() {
  std::optional<Trouble> last;
  zmq::message_t frame, address;
  while (monitor_.recv(frame, zmq::recv_flags::dontwait)) {
    if (frame.more()) (void)monitor_.recv(address, zmq::recv_flags::dontwait);
    uint16_t event = 0;
    uint32_t value = 0;
    if (frame.size() != sizeof event + sizeof value) continue;
    std::memcpy(&event, frame.data(), sizeof event);
    std::memcpy(&value, frame.data<char>() + sizeof event, sizeof value);
    last = Trouble{in_words(event, value, endpoint_, key_name_),
                   event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ||
                       value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH};
  }
  return last;
}

Router::Router(zmq::context_t& context, const std::optional<SecretKey>& key)
    : socket_(context, zmq::socket_type::router), encrypted_(key.has_value()) {
  set_common(socket_);
  // Counts from when libzmq took the connection. It takes one between two looks at all others, so
  // that however many come only about a hundred handshakes are under way.
  socket_.set(zmq::sockopt::handshake_ivl, 5'000);
  if (key) {
    socket_.set(zmq::sockopt::curve_server, 1);
    socket_.set(zmq::sockopt::curve_secretkey, as_text(key->bytes));
  }
  socket_.set(zmq::sockopt::router_mandatory, true);  // else unroutable messages vanish silently
  socket_.set(zmq::sockopt::rcvhwm, limits::kMessagesPerPeer);
  socket_.set(zmq::sockopt::sndhwm, limits::kAnswersPerPeer);
  socket_.set(backlog, 4096);
  socket_.set(zmq::sockopt::zap_domain, "peers");  // whoever answers for it lets peers in
}

void Router::bind(const std::string& at) { endpoint_ = bind_to(socket_, at); }

Sent Router::send(Peer peer, const wire::Envelope& envelope) {
  const char id[5] = {0, static_cast<char>(peer.value >> 24), static_cast<char>(peer.value >> 16),
                      static_cast<char>(peer.value >> 8), static_cast<char>(peer.value)};
  zmq::const_buffer routing_id(id, sizeof id);
  return send_envelope(socket_, &routing_id, envelope);
}

std::optional<Received> Router::receive() {
  Frames frames = receive_frames(socket_, encrypted_);
  if (frames.kept.empty()) return std::nullopt;
  const std::optional<Peer> peer = peer_from(frames.kept[0]);
  Received received{peer.value_or(Peer{}),
                    Unexpected{wire::DecodeError{wire::ErrorCode::BadMessage,
                                                 "the peer set a routing id of its own", 0}},
                    "", -1, 0};
  if (frames.kept.size() > 1) {
    received.descriptor = descriptor_of(frames.kept[1]);
    received.user = user_of(frames.kept[1]);
    received.wire_bytes = frames.wire_bytes - wire_size(frames.kept[0], encrypted_);
  }
  if (peer) received.envelope = decode_frames(frames.kept, 1);
  return received;
}

}  // namespace seaworthy::io
