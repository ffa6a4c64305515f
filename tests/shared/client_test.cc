#include "shared/io/client.h"

#include <sys/eventfd.h>

#include <atomic>
#include <set>
#include <thread>

#include "shared/io/clock.h"
#include "shared/io/fd.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using Kind = io::ClientError::Kind;

namespace {

// A broker that answers with what a test says, in a thread of its own. No answer: it stays silent.
class Broker {
 public:
  using Answer = std::function<std::optional<wire::Message>(const wire::Message&, int number)>;
  Broker(zmq::context_t& context, Answer answer)
      : router_(context, "tcp://127.0.0.1:*"),
        endpoint_(router_.endpoint()),
        answer_(std::move(answer)),
        thread_([this](std::stop_token stop) { serve(stop); }) {}
  const std::string& endpoint() const { return endpoint_; }
  int asked() const { return asked_; }

 private:
  void serve(std::stop_token stop) {
    while (!stop.stop_requested()) {
      zmq::pollitem_t items[] = {{router_.handle().handle(), 0, ZMQ_POLLIN, 0}};
      io::poll(items, Duration{20});
      while (auto received = router_.receive()) {
        if (!received->envelope) continue;
        auto answer = answer_(received->envelope->message, ++asked_);
        if (answer) (void)router_.send(received->peer, {*answer, received->envelope->tag, {}});
      }
    }
  }

  io::Router router_;
  std::string endpoint_;
  Answer answer_;
  std::atomic<int> asked_{0};
  std::jthread thread_;
};

// One that does not lose patience while the broker is held up.
io::ClientOptions patient(std::vector<std::string> endpoints) {
  io::ClientOptions options;
  options.endpoints = std::move(endpoints);
  options.try_for = Duration{120'000};
  options.first_backoff = Duration{10};
  options.longest_backoff = Duration{20};
  options.give_up_after = Duration{240'000};
  return options;
}

// One that asks again soon: also when an answer is only late.
io::ClientOptions quick(std::vector<std::string> endpoints) {
  io::ClientOptions options = patient(std::move(endpoints));
  options.try_for = Duration{300};
  return options;
}

wire::Pong pong(const std::string& version) {
  wire::Pong answer;
  answer.version = version;
  return answer;
}

// Loopback, and nobody listens there: the port was free a moment ago, and is again when the context
// is gone.
std::string dead_endpoint() {
  zmq::context_t context;
  return io::Router(context, "tcp://127.0.0.1:*").endpoint();
}

}  // namespace

TEST_CASE("a question is answered") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int) { return pong("1"); });
  io::Client client(context, patient({broker.endpoint()}));
  for (int i = 0; i < 3; ++i) {
    auto answer = client.ask_for<wire::Pong>(wire::Ping{});
    REQUIRE(answer);
    CHECK(answer->version == "1");
  }
  CHECK(broker.asked() == 3);
}

TEST_CASE("a question whose answer was lost is asked again, unchanged, and trouble is told once") {
  zmq::context_t context;
  std::vector<std::string> seen;  // by the broker's thread
  std::optional<Broker> broker;
  broker.emplace(context, [&](const wire::Message& message, int number) {
    seen.push_back(std::get<wire::Notify>(message).repository);
    return number < 3 ? std::nullopt : std::optional<wire::Message>(wire::NotifyOk{1});
  });
  io::ClientOptions options = quick({broker->endpoint()});
  int told = 0;
  options.on_trouble = [&](const std::string&) { ++told; };
  io::Client client(context, options);
  REQUIRE(client.ask_for<wire::NotifyOk>(wire::Notify{"/repo"}));
  broker.reset();
  CHECK(seen.size() >= 3);
  CHECK(std::set<std::string>(seen.begin(), seen.end()) == std::set<std::string>{"/repo"});
  CHECK(told == 1);
}

TEST_CASE("when one broker is away the next of the list is asked") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int) { return pong("second"); });
  io::Client client(context, quick({dead_endpoint(), broker.endpoint()}));
  auto answer = client.ask_for<wire::Pong>(wire::Ping{});
  REQUIRE(answer);
  CHECK(answer->version == "second");
}

TEST_CASE("without any broker it gives up and says what to do") {
  zmq::context_t context;
  io::ClientOptions options = quick({dead_endpoint()});
  options.give_up_after = Duration{200};
  io::Client client(context, options);
  auto answer = client.ask_for<wire::Pong>(wire::Ping{});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::NoAnswer);
  CHECK(answer.error().message.find("seaworthy up") != std::string::npos);
}

TEST_CASE("waiting ends when it is interrupted") {
  zmq::context_t context;
  io::Fd interrupt(eventfd(1, EFD_CLOEXEC));
  SECTION("for a broker that is away") {
    io::ClientOptions options = quick({dead_endpoint()});
    options.interrupt_fd = interrupt.get();
    io::Client client(context, options);
    CHECK(client.ask(wire::Ping{}).error().kind == Kind::Interrupted);
  }
  SECTION("for an answer") {
    Broker broker(context, [](const auto&, int) { return std::nullopt; });
    io::ClientOptions options = quick({broker.endpoint()});
    options.interrupt_fd = interrupt.get();
    io::Client client(context, options);
    CHECK(client.ask(wire::Ping{}).error().kind == Kind::Interrupted);
  }
}

TEST_CASE("a refusal is told with its reason") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int) {
    return wire::Error{wire::ErrorCode::NotFound, "there is no build 7", false, 0};
  });
  io::Client client(context, patient({broker.endpoint()}));
  auto answer = client.ask_for<wire::BuildDetail>(wire::ShowBuild{});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::Refused);
  CHECK(answer.error().code == wire::ErrorCode::NotFound);
  CHECK(answer.error().message == "there is no build 7");
  CHECK(broker.asked() == 1);
}

TEST_CASE("an error that may pass is asked again") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int number) -> std::optional<wire::Message> {
    if (number == 1) return wire::Error{wire::ErrorCode::Overloaded, "later", true, 1};
    return pong("1");
  });
  io::Client client(context, patient({broker.endpoint()}));
  CHECK(client.ask_for<wire::Pong>(wire::Ping{}));
  CHECK(broker.asked() == 2);
}

TEST_CASE("an answer of another kind is a refusal, not a wait") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int) { return wire::Ok{}; });
  io::Client client(context, patient({broker.endpoint()}));
  auto answer = client.ask_for<wire::Pong>(wire::Ping{});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("Ok") != std::string::npos);
}

TEST_CASE("an answer that the question itself lets wait is waited for") {
  zmq::context_t context;
  Broker broker(context, [](const auto&, int) {
    const Instant until = io::now() + Duration{600};  // longer than a try
    while (io::now() < until) std::this_thread::yield();
    return pong("slow");
  });
  io::Client client(context, quick({broker.endpoint()}));
  CHECK(client.ask_for<wire::Pong>(wire::Ping{}, Duration{120'000}));
  CHECK(broker.asked() == 1);
}
