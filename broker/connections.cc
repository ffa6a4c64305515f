#include "broker/connections.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// libzmq accepts no further than this beyond what take() has seen (it waits for room in the
// monitor: the 1000 it has by itself and kMonitorRoom), so that many descriptors are kept back.
constexpr int kMonitorRoom = 24;
constexpr rlim_t kKeptBack = 1'024 + 512;

constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

struct MonitorEvent {
  uint16_t kind = 0;
  uint32_t value = 0;  // the descriptor, or an errno
};

MonitorEvent event_from(const zmq::message_t& frame) {
  MonitorEvent event;
  if (frame.size() != sizeof event.kind + sizeof event.value) return event;
  std::memcpy(&event.kind, frame.data(), sizeof event.kind);
  std::memcpy(&event.value, frame.data<char>() + sizeof event.kind, sizeof event.value);
  return event;
}

// libzmq sees the end of the stream and closes it in its own time. Should the descriptor be another
// file's by now, this is refused.
void cut_off(int descriptor) { (void)shutdown(descriptor, SHUT_RDWR); }

// Bytes that libzmq has taken from the connection.
uint64_t bytes_taken(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof info;
  int waiting = 0;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  if (ioctl(descriptor, SIOCINQ, &waiting) != 0 || waiting < 0) return 0;
  const auto still_in_kernel = static_cast<uint64_t>(waiting);
  return info.tcpi_bytes_received > still_in_kernel ? info.tcpi_bytes_received - still_in_kernel
                                                    : 0;
}

}  // namespace

Connections::Connections(zmq::context_t& context, zmq::socket_t& socket, const std::string& name,
                         Limits limits)
    : limits_(limits), monitor_(context, zmq::socket_type::pair) {
  const std::string endpoint = "inproc://monitor-of-" + name;
  if (zmq_socket_monitor(socket.handle(), endpoint.c_str(), kEvents) != 0) throw zmq::error_t();
  monitor_.set(zmq::sockopt::linger, 0);
  monitor_.set(zmq::sockopt::rcvhwm, kMonitorRoom);
  monitor_.connect(endpoint);
}

Connections::Happened Connections::take() {
  Happened happened;
  zmq::message_t frame, address;
  // Bounded, so that no rate of connecting keeps the loop from everyone else.
  for (size_t i = 0; i < limits::kEventsPerDrain; ++i) {
    if (!monitor_.recv(frame, zmq::recv_flags::dontwait)) break;
    if (frame.more()) (void)monitor_.recv(address, zmq::recv_flags::dontwait);
    const MonitorEvent event = event_from(frame);
    const int descriptor = static_cast<int>(event.value);
    switch (event.kind) {
      case ZMQ_EVENT_ACCEPTED:
        received_[descriptor] = 0;
        if (received_.size() <= limits_.most) break;
        ++happened.refused;
        cut_off(descriptor);
        break;
      case ZMQ_EVENT_DISCONNECTED: received_.erase(descriptor); break;
      case ZMQ_EVENT_ACCEPT_FAILED:
        ++happened.not_taken;
        if (event.value == EMFILE || event.value == ENFILE) make_room();
        break;
      default: ++happened.failed_handshakes;
    }
  }
  return happened;
}

// There are fewer descriptors than was thought. The listener spins while it has none, and files
// need some: a few connections are ended, those with the highest numbers, and from now on there are
// never more than are left.
void Connections::make_room() {
  constexpr size_t kRoom = 32;
  if (received_.size() > limits_.most) return;  // it is being made
  if (received_.size() <= 2 * kRoom) return;    // others have taken them
  limits_.most = received_.size() - kRoom;
  auto last = received_.rbegin();
  for (size_t i = 0; i < kRoom; ++i, ++last) cut_off(last->first);
}

void Connections::received(int descriptor, uint64_t bytes) {
  auto found = received_.find(descriptor);
  if (found != received_.end()) found->second += bytes;
}

uint64_t Connections::cut_off_hoarders() {
  uint64_t count = 0;
  for (const auto& [descriptor, in_messages] : received_) {
    const uint64_t taken = bytes_taken(descriptor);
    if (taken < in_messages || taken - in_messages <= limits_.most_unread_bytes) continue;
    cut_off(descriptor);
    ++count;
  }
  return count;
}

size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return limits::kConnections;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const rlim_t kept_back = std::min<rlim_t>(kKeptBack, limit.rlim_cur / 2);
  return std::min<size_t>(limits::kConnections, limit.rlim_cur - kept_back);
}

}  // namespace seaworthy::broker
