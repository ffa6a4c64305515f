#include "broker/connections.h"

#include "broker/access.h"
#include "broker/doorkeeper.h"
#include "shared/io/clock.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using namespace seaworthy::broker;

namespace {

// A router with a key that everybody is let in by, and one dealer.
struct Door {
  zmq::context_t context;
  Doorkeeper doorkeeper{context, nullptr};
  io::SecretKey secret = io::make_secret_key();
  io::Router router{context, secret};
  Connections connections;

  explicit Door(Connections::Limits limits)
      : connections(context, router.handle(), "peers", limits) {
    router.bind("tcp://127.0.0.1:*");
  }

  io::Key key() const {
    return {Role::Client, "x", public_key_of(secret), io::make_secret_key(), {}};
  }

  // Everything that there is to do within a moment.
  size_t turn() {
    zmq::pollitem_t items[] = {{doorkeeper.handle(), 0, ZMQ_POLLIN, 0},
                               {connections.handle(), 0, ZMQ_POLLIN, 0},
                               {router.handle().handle(), 0, ZMQ_POLLIN, 0}};
    io::poll(items, Duration{20});
    connections.take();
    doorkeeper.take(io::now());
    size_t count = 0;
    while (auto received = router.receive()) {
      connections.received(*received);
      ++count;
    }
    return count;
  }
};

constexpr Connections::Limits kNoLimits{100, 1 << 20, 1'000'000, 0, 1 << 30, 100};

}  // namespace

TEST_CASE("what an honest peer sends encrypted is counted to the byte") {
  constexpr size_t kMessages = 2'000;
  Connections::Limits limits = kNoLimits;
  limits.most_unread_bytes = 1'000;  // the handshake, and half a byte a message
  Door door(limits);
  io::Dealer dealer(door.context, door.router.endpoint(), door.key());
  size_t sent = 0, received = 0;
  while (received < kMessages) {
    const std::string blob(sent % 7 == 0 ? 3'000 : sent % 300, 'x');
    if (sent < kMessages &&
        dealer.send({wire::Output{{}, JobId{1}, AttemptNumber{1}, 0}, 1, blob}) == io::Sent::Taken)
      ++sent;
    received += door.turn();
  }
  CHECK(door.connections.offenders(io::now()).empty());
}

TEST_CASE("who sends more messages a second than a key may is an offender, with all connections") {
  Connections::Limits limits = kNoLimits;
  limits.messages_a_second = 10;
  Door door(limits);
  const io::Key key = door.key();
  (void)door.connections.offenders(io::now());  // counts from here on
  io::Dealer loud(door.context, door.router.endpoint(), key);
  io::Dealer quiet(door.context, door.router.endpoint(), key);
  for (size_t received = 0, sent = 0; received < 201;) {
    if (sent < 200 && loud.send({wire::Ping{}, 1, {}}) == io::Sent::Taken) ++sent;
    if (sent == 200 && quiet.send({wire::Ping{}, 1, {}}) == io::Sent::Taken) ++sent;
    received += door.turn();
  }
  const auto offenders = door.connections.offenders(io::now() + Duration{1'000});
  CHECK(offenders.size() == 2);
  CHECK(door.connections.offenders(io::now() + Duration{3'000}).empty());  // nothing since
  const auto strangers = door.connections.of_strangers([](const std::string&) { return false; });
  CHECK(strangers.size() == 2);
}

TEST_CASE("each role may say what the table says, and no worker another key's name") {
  CHECK(may(Role::Client, wire::Submit{}));
  CHECK_FALSE(may(Role::Reporter, wire::Submit{}));
  CHECK_FALSE(may(Role::Worker, wire::FetchOutput{}));
  CHECK_FALSE(may(Role::Admin, wire::Hello{}));
  for (const char* good : {"anna", "anna/1", "anna/host-1/2"}) CHECK(is_name_for("anna", good));
  for (const char* bad : {"", "ann", "annalena", "anna/", "anna-1", "/anna", "ben/anna"})
    CHECK_FALSE(is_name_for("anna", bad));
}
