#include "broker/doorkeeper.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// Version, request id, domain, address, routing id, mechanism, and credentials if it has some.
constexpr size_t kVersion = 0, kRequest = 1, kRoutingId = 4, kMechanism = 5, kPublicKey = 6;
constexpr size_t kLeastFrames = 6;

std::vector<std::string> receive(zmq::socket_t& socket) {
  std::vector<std::string> frames;
  zmq::message_t frame;
  while (socket.recv(frame, zmq::recv_flags::dontwait)) {
    frames.push_back(frame.to_string());
    if (!frame.more()) break;
  }
  return frames;
}

// Empty unless the peer has proven to hold the key's secret half.
std::string user_of(const std::vector<std::string>& frames) {
  io::PublicKey key;
  if (frames.size() != kPublicKey + 1 || frames[kMechanism] != "CURVE" ||
      frames[kPublicKey].size() != key.bytes.size())
    return {};
  std::copy(frames[kPublicKey].begin(), frames[kPublicKey].end(), key.bytes.begin());
  return to_hex(key);
}

}  // namespace

Doorkeeper::Doorkeeper(zmq::context_t& context, KeyRing* ring)
    : ring_(ring), socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
}

void Doorkeeper::take(Instant now) {
  for (size_t i = 0; i < limits::kEventsPerDrain; ++i) {
    const std::vector<std::string> frames = receive(socket_);
    if (frames.empty()) break;
    const std::string user = user_of(frames);
    const bool is_on_ring =
        ring_ == nullptr || (ring_->find(user) != nullptr && !ring_->is_quarantined(user, now));
    const bool welcome = frames.size() >= kLeastFrames && frames[kRoutingId].empty() && is_on_ring;
    const std::string request = frames.size() > kRequest ? frames[kRequest] : "";
    const std::string_view answer[] = {
        frames[kVersion], request, welcome ? "200" : "400", "", user, ""};
    for (const std::string_view& part : answer) {
      const auto flags = &part == std::end(answer) - 1
                             ? zmq::send_flags::dontwait
                             : zmq::send_flags::dontwait | zmq::send_flags::sndmore;
      (void)socket_.send(zmq::buffer(part), flags);
    }
  }
}

}  // namespace seaworthy::broker
