#include "broker/doorkeeper.h"

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// Version, request id, domain, address, routing id, mechanism, and credentials if it has some.
constexpr size_t kVersion = 0, kRequest = 1, kRoutingId = 4, kLeastFrames = 6;

std::vector<std::string> receive(zmq::socket_t& socket) {
  std::vector<std::string> frames;
  zmq::message_t frame;
  while (socket.recv(frame, zmq::recv_flags::dontwait)) {
    frames.push_back(frame.to_string());
    if (!frame.more()) break;
  }
  return frames;
}

}  // namespace

Doorkeeper::Doorkeeper(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
}

uint64_t Doorkeeper::take() {
  uint64_t refused = 0;
  for (size_t i = 0; i < limits::kEventsPerDrain; ++i) {
    const std::vector<std::string> frames = receive(socket_);
    if (frames.empty()) break;
    const bool welcome = frames.size() >= kLeastFrames && frames[kRoutingId].empty();
    if (!welcome) ++refused;
    const std::string request = frames.size() > kRequest ? frames[kRequest] : "";
    const std::string_view answer[] = {frames[kVersion],
                                       request,
                                       welcome ? "200" : "400",
                                       welcome ? "" : "set no routing id",
                                       "",
                                       ""};
    for (const std::string_view& part : answer) {
      const auto flags = &part == std::end(answer) - 1
                             ? zmq::send_flags::dontwait
                             : zmq::send_flags::dontwait | zmq::send_flags::sndmore;
      (void)socket_.send(zmq::buffer(part), flags);
    }
  }
  return refused;
}

}  // namespace seaworthy::broker
