#include "shared/io/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <optional>
#include <string>

#include "shared/io/fd.h"
#include "tests/support/catch.h"

using namespace seaworthy;

namespace {

// Where connections are taken, and nobody says a word.
class SilentDoor {
 public:
  SilentDoor() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const timeval patience{60, 0};
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(bind(listener_.get(), any, size) == 0);
    REQUIRE(listen(listener_.get(), 128) == 0);
    REQUIRE(getsockname(listener_.get(), any, &size) == 0);
    endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  io::Fd take() const { return io::Fd(accept(listener_.get(), nullptr, nullptr)); }

  std::string endpoint;

 private:
  io::Fd listener_;
};

}  // namespace

TEST_CASE("a socket that is given up while its handshake fails holds up no other") {
  zmq::context_t context;
  const SilentDoor door;
  for (int i = 0; i < 500; ++i) {
    std::optional<io::Dealer> dealer(std::in_place, context, door.endpoint);
    REQUIRE(door.take());
    dealer.reset();
  }
  io::Router router(context, "tcp://127.0.0.1:*");
  io::Dealer dealer(context, router.endpoint());
  zmq::pollitem_t items[] = {{dealer.handle().handle(), 0, ZMQ_POLLOUT, 0}};
  io::poll(items, Duration{60'000});
  CHECK(items[0].revents == ZMQ_POLLOUT);
}
