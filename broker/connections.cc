#include "broker/connections.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// libzmq accepts no further than this beyond what take() has seen (it waits for room in the
// monitor: the 1000 it has by itself and kMonitorRoom), so that many descriptors are kept back.
constexpr int kMonitorRoom = 24;
constexpr rlim_t kKeptBack = 1'024 + 768;

constexpr Duration kLookForHoarders{5'000};  // also when no memory was taken
constexpr Duration kWindow{1'000};           // what a second's messages are counted over, at least

// Not the ones of handshakes: they do not say whose, and of a peer that speaks no ZMTP there is
// none.
constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED;

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
void end(int descriptor) { (void)shutdown(descriptor, SHUT_RDWR); }

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

// 0: cannot be told. The second number of the file is pages.
uint64_t resident_bytes(const io::Fd& statm) {
  std::array<char, 128> text{};
  if (pread(statm.get(), text.data(), text.size() - 1, 0) <= 0) return 0;
  const char* second = std::strchr(text.data(), ' ');
  if (second == nullptr) return 0;
  return std::strtoull(second, nullptr, 10) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Connections::Connections(zmq::context_t& context, zmq::socket_t& socket, const std::string& name,
                         Limits limits)
    : limits_(limits),
      monitor_(context, zmq::socket_type::pair),
      memory_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {
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
        open_[descriptor] = {};
        if (open_.size() <= limits_.most) break;
        ++happened.refused;
        end(descriptor);
        break;
      case ZMQ_EVENT_DISCONNECTED:
        if (auto found = open_.find(descriptor); found != open_.end()) {
          if (found->second.received == 0) ++happened.silent;
          open_.erase(found);
        }
        break;
      case ZMQ_EVENT_ACCEPT_FAILED:
        ++happened.not_taken;
        if (event.value == EMFILE || event.value == ENFILE) make_room();
        break;
      default: break;
    }
  }
  return happened;
}

// There are fewer descriptors than was thought. The listener spins while it has none, and files
// need some: a few connections are ended, those with the highest numbers, and from now on there are
// never more than are left.
void Connections::make_room() {
  constexpr size_t kRoom = 32;
  if (open_.size() > limits_.most) return;  // it is being made
  if (open_.size() <= 2 * kRoom) return;    // others have taken them
  limits_.most = open_.size() - kRoom;
  auto last = open_.rbegin();
  for (size_t i = 0; i < kRoom; ++i, ++last) end(last->first);
}

void Connections::cut_off(int descriptor) { end(descriptor); }

void Connections::received(const io::Received& message) {
  auto found = open_.find(message.descriptor);
  if (found == open_.end()) return;
  Connection& connection = found->second;
  connection.received += message.wire_bytes;
  connection.peer = message.peer;
  if (connection.user != message.user) connection.user = message.user;
  ++connection.lately.messages;
  connection.lately.bytes += message.wire_bytes;
}

std::vector<Connections::Offender> Connections::offenders(Instant now) {
  std::vector<Offender> found;
  if (may_have_hoarders(now)) find_hoarders(found);
  const Duration window = now - counted_from_;
  if (window < kWindow) return found;
  find_floods(window, found);
  for (auto& [descriptor, connection] : open_) connection.lately = {};
  counted_from_ = now;
  return found;
}

// To look costs system calls for each connection, and what a hoarder takes is memory: as long as
// this process has not grown, a look now and then is enough.
bool Connections::may_have_hoarders(Instant now) {
  const uint64_t resident = resident_bytes(memory_);
  const bool grew = resident == 0 || resident > resident_ + limits_.most_unread_bytes / 2;
  resident_ = std::min(resident_, resident);
  if (!grew && now < look_for_hoarders_) return false;
  resident_ = resident;
  look_for_hoarders_ = now + kLookForHoarders;
  return true;
}

void Connections::find_hoarders(std::vector<Offender>& offenders) const {
  for (const auto& [descriptor, connection] : open_) {
    const uint64_t taken = bytes_taken(descriptor);
    if (taken < connection.received || taken - connection.received <= limits_.most_unread_bytes)
      continue;
    offenders.push_back(
        {descriptor, connection.peer, connection.user, "it sent a message without an end"});
  }
}

void Connections::find_floods(Duration window, std::vector<Offender>& offenders) const {
  std::map<std::string, Count> users;
  for (const auto& [descriptor, connection] : open_) {
    if (connection.user.empty()) continue;
    Count& user = users[connection.user];
    user.messages += connection.lately.messages;
    user.bytes += connection.lately.bytes;
    ++user.connections;
  }
  std::erase_if(users, [&](const auto& user) { return excess(user.second, window).empty(); });
  if (users.empty()) return;
  for (const auto& [descriptor, connection] : open_)
    if (auto user = users.find(connection.user); user != users.end())
      offenders.push_back(
          {descriptor, connection.peer, connection.user, excess(user->second, window)});
}

std::string Connections::excess(const Count& count, Duration window) const {
  const auto milliseconds = static_cast<uint64_t>(window.count());
  auto text = [](uint64_t is, uint64_t may, const char* of) {
    return std::to_string(is) + " " + of + ", " + std::to_string(may) + " are allowed";
  };
  const uint64_t messages = count.messages * 1'000 / milliseconds;
  const uint64_t most_messages =
      limits_.messages_a_second + limits_.messages_a_second_more * count.connections;
  if (messages > most_messages)
    return "it sent " + text(messages, most_messages, "messages a second");
  const uint64_t bytes = count.bytes * 1'000 / milliseconds;
  if (bytes > limits_.bytes_a_second)
    return "it sent " + text(bytes, limits_.bytes_a_second, "bytes a second");
  if (count.connections > limits_.most_of_user)
    return "it has " + text(count.connections, limits_.most_of_user, "connections");
  return {};
}

std::vector<Connections::Offender> Connections::of_strangers(
    const std::function<bool(const std::string&)>& is_known) const {
  std::vector<Offender> found;
  for (const auto& [descriptor, connection] : open_)
    if (!connection.user.empty() && !is_known(connection.user))
      found.push_back({descriptor, connection.peer, connection.user, "its key was revoked"});
  return found;
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
