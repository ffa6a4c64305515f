// Servers whose protocol is frames with a length: gearmand, and RabbitMQ's AMQP 0-9-1. Only what
// the work needs of them. Neither answers the word that a job is done; it is counted when it was
// said. Both read a connection in order, so that the next job comes after it.
#include <unistd.h>

#include <cstring>
#include <set>

#include "bench/queue_peers.h"

namespace seaworthy::bench {
namespace {

// Big-endian.
std::string number(uint64_t value, size_t bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
  return text;
}

uint64_t number_in(std::string_view text, size_t at, size_t bytes) {
  if (text.size() < at + bytes) fail("a frame is too short");
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

// ---- gearmand

enum class Gear : uint32_t {
  CanDo = 1,
  PreSleep = 4,
  Noop = 6,
  JobCreated = 8,
  GrabJob = 9,
  NoJob = 10,
  JobAssign = 11,
  WorkComplete = 13,
  SubmitJobBackground = 18,
};

std::string gear(Gear type, std::string_view data) {
  std::string packet("\0REQ", 4);
  packet += number(static_cast<uint32_t>(type), 4) + number(data.size(), 4);
  return packet.append(data);
}

// The next packet, if it is whole.
bool next_gear(Link& link, Gear& type, std::string& data) {
  constexpr size_t kHead = 12;
  if (link.in().size() < kHead) return false;
  const size_t size = number_in(link.in(), 8, 4);
  if (link.in().size() < kHead + size) return false;
  type = static_cast<Gear>(number_in(link.in(), 4, 4));
  data = link.in().substr(kHead, size);
  link.take(kHead + size);
  return true;
}

void produce_gears(uint16_t port, uint64_t jobs) {
  Link link(port);
  uint64_t sent = 0, answered = 0;
  while (answered < jobs) {
    std::string batch;
    for (; sent < jobs && sent < answered + kAhead; ++sent)
      batch += gear(Gear::SubmitJobBackground,
                    std::string("jobs\0", 5) + std::to_string(sent) + '\0' + job(sent));
    if (!batch.empty()) link.send(batch);
    link.receive();
    Gear type{};
    for (std::string data; next_gear(link, type, data); ++answered)
      if (type != Gear::JobCreated) fail("gearmand did not take a job: " + data);
  }
}

class GearWorker : public Worker {
 public:
  explicit GearWorker(uint16_t port) : link_(port) {
    link_.send(gear(Gear::CanDo, "jobs") + gear(Gear::GrabJob, ""));
  }

  int fd() const override { return link_.fd(); }
  uint64_t turn() override {
    link_.receive();
    uint64_t done = 0;
    Gear type{};
    for (std::string data; next_gear(link_, type, data);) {
      if (type == Gear::NoJob) link_.send(gear(Gear::PreSleep, ""));
      if (type == Gear::Noop) link_.send(gear(Gear::GrabJob, ""));
      if (type != Gear::JobAssign) continue;
      const std::string handle = data.substr(0, data.find('\0'));
      link_.send(gear(Gear::WorkComplete, handle + '\0') + gear(Gear::GrabJob, ""));
      ++done;
    }
    return done;
  }

 private:
  Link link_;
};

// ---- RabbitMQ

enum class Method : uint32_t {  // class and method
  ConnectionStart = 10 << 16 | 10,
  ConnectionStartOk = 10 << 16 | 11,
  ConnectionTune = 10 << 16 | 30,
  ConnectionTuneOk = 10 << 16 | 31,
  ConnectionOpen = 10 << 16 | 40,
  ConnectionOpenOk = 10 << 16 | 41,
  ConnectionClose = 10 << 16 | 50,
  ChannelOpen = 20 << 16 | 10,
  ChannelOpenOk = 20 << 16 | 11,
  ChannelClose = 20 << 16 | 40,
  QueueDeclare = 50 << 16 | 10,
  QueueDeclareOk = 50 << 16 | 11,
  QueueDelete = 50 << 16 | 40,
  QueueDeleteOk = 50 << 16 | 41,
  BasicQos = 60 << 16 | 10,
  BasicQosOk = 60 << 16 | 11,
  BasicConsume = 60 << 16 | 20,
  BasicConsumeOk = 60 << 16 | 21,
  BasicPublish = 60 << 16 | 40,
  BasicDeliver = 60 << 16 | 60,
  BasicAck = 60 << 16 | 80,
  BasicNack = 60 << 16 | 120,
  ConfirmSelect = 85 << 16 | 10,
  ConfirmSelectOk = 85 << 16 | 11,
};

constexpr char kMethodFrame = 1, kHeaderFrame = 2, kBodyFrame = 3, kFrameEnd = '\xce';
constexpr uint64_t kFrameBytes = 131'072;

std::string frame(char type, uint64_t channel, std::string_view payload) {
  std::string text(1, type);
  text += number(channel, 2) + number(payload.size(), 4);
  return text.append(payload) + kFrameEnd;
}

std::string method(Method what, std::string_view arguments, uint64_t channel = 1) {
  return frame(kMethodFrame, channel, number(static_cast<uint32_t>(what), 4).append(arguments));
}

std::string short_text(std::string_view text) { return number(text.size(), 1).append(text); }
std::string long_text(std::string_view text) { return number(text.size(), 4).append(text); }

// A connection with one channel, on which the queue is declared.
class Rabbit {
 public:
  explicit Rabbit(uint16_t port) : link_(port), queue_("jobs-" + std::to_string(getpid())) {
    const std::string none = number(0, 1), empty_table = number(0, 4);
    link_.send(std::string_view("AMQP\0\0\x09\x01", 8));
    wait_for(Method::ConnectionStart);
    ask(method(Method::ConnectionStartOk,
               empty_table + short_text("PLAIN") +
                   long_text(std::string_view("\0guest\0guest", 12)) + short_text("en_US"),
               0),
        Method::ConnectionTune);
    link_.send(
        method(Method::ConnectionTuneOk, number(1, 2) + number(kFrameBytes, 4) + number(0, 2), 0));
    ask(method(Method::ConnectionOpen, short_text("/") + short_text("") + none, 0),
        Method::ConnectionOpenOk);
    ask(method(Method::ChannelOpen, short_text("")), Method::ChannelOpenOk);
    const std::string quorum = short_text("x-queue-type") + "S" + long_text("quorum");
    const std::string durable = number(2, 1);
    ask(method(Method::QueueDeclare,
               number(0, 2) + short_text(queue_) + durable + long_text(quorum)),
        Method::QueueDeclareOk);
  }

  int fd() const { return link_.fd(); }
  const std::string& queue() const { return queue_; }
  void send(std::string_view bytes) const { link_.send(bytes); }
  void receive() { link_.receive(); }
  void ask(const std::string& question, Method answer) {
    link_.send(question);
    wait_for(answer);
  }
  // The next frame, if it is whole; `what` is of methods only.
  bool next(char& type, Method& what, std::string& payload) {
    constexpr size_t kHead = 7;
    if (link_.in().size() < kHead) return false;
    const size_t size = number_in(link_.in(), 3, 4);
    if (link_.in().size() < kHead + size + 1) return false;
    type = link_.in()[0];
    payload = link_.in().substr(kHead, size);
    link_.take(kHead + size + 1);
    if (type != kMethodFrame) return true;
    what = static_cast<Method>(number_in(payload, 0, 4));
    payload.erase(0, 4);
    if (what == Method::ConnectionClose || what == Method::ChannelClose)
      fail("RabbitMQ closed: " + payload.substr(3, number_in(payload, 2, 1)));
    return true;
  }

 private:
  void wait_for(Method wanted) {
    char type = 0;
    Method what{};
    std::string payload;
    for (;;) {
      while (next(type, what, payload))
        if (type == kMethodFrame && what == wanted) return;
      receive();
    }
  }

  Link link_;
  std::string queue_;
};

std::string publish(const std::string& queue, uint64_t number_of_job) {
  const std::string body = job(number_of_job);
  const uint64_t basic = 60, has_delivery_mode = 1 << 12, persistent = 2;
  return method(Method::BasicPublish,
                number(0, 2) + short_text("") + short_text(queue) + number(0, 1)) +
         frame(kHeaderFrame, 1,
               number(basic, 2) + number(0, 2) + number(body.size(), 8) +
                   number(has_delivery_mode, 2) + number(persistent, 1)) +
         frame(kBodyFrame, 1, body);
}

void produce_rabbits(uint16_t port, uint64_t jobs) {
  Rabbit rabbit(port);
  rabbit.ask(method(Method::ConfirmSelect, number(0, 1)), Method::ConfirmSelectOk);
  std::set<uint64_t> unanswered;
  uint64_t sent = 0;
  while (sent < jobs || !unanswered.empty()) {
    std::string batch;
    while (sent < jobs && unanswered.size() < kAhead) {
      batch += publish(rabbit.queue(), sent);
      unanswered.insert(++sent);
    }
    if (!batch.empty()) rabbit.send(batch);
    rabbit.receive();
    char type = 0;
    Method what{};
    for (std::string payload; rabbit.next(type, what, payload);) {
      if (type != kMethodFrame) continue;
      if (what == Method::BasicNack) fail("RabbitMQ did not take a job");
      if (what != Method::BasicAck) continue;
      const uint64_t tag = number_in(payload, 0, 8);
      const bool and_all_before = number_in(payload, 8, 1) != 0;
      unanswered.erase(and_all_before ? unanswered.begin() : unanswered.lower_bound(tag),
                       unanswered.upper_bound(tag));
    }
  }
}

class RabbitWorker : public Worker {
 public:
  explicit RabbitWorker(uint16_t port) : rabbit_(port) {
    const std::string one_in_hand = number(0, 4) + number(1, 2) + number(0, 1);
    rabbit_.ask(method(Method::BasicQos, one_in_hand), Method::BasicQosOk);
    rabbit_.ask(method(Method::BasicConsume, number(0, 2) + short_text(rabbit_.queue()) +
                                                 short_text("") + number(0, 1) + number(0, 4)),
                Method::BasicConsumeOk);
  }

  int fd() const override { return rabbit_.fd(); }
  uint64_t turn() override {
    rabbit_.receive();
    uint64_t done = 0;
    char type = 0;
    Method what{};
    for (std::string payload; rabbit_.next(type, what, payload);) {
      if (type == kMethodFrame && what == Method::BasicDeliver)
        tag_ = number_in(payload, 1 + number_in(payload, 0, 1), 8);
      if (type != kBodyFrame) continue;
      if (payload.size() != kJobBytes) fail("RabbitMQ gave a job of another size");
      rabbit_.send(method(Method::BasicAck, number(tag_, 8) + number(0, 1)));
      ++done;
    }
    return done;
  }

 private:
  Rabbit rabbit_;
  uint64_t tag_ = 0;
};

template <class One>
std::vector<std::unique_ptr<Worker>> some(size_t count, uint16_t port) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<One>(port));
  return workers;
}

}  // namespace

void run_gearmand(uint16_t port, size_t workers, uint64_t jobs) {
  run_workers(some<GearWorker>(workers, port), jobs, [&] { produce_gears(port, jobs); });
}

// The server is there for all runs; the queue is this one's.
void run_rabbitmq(uint16_t port, size_t workers, uint64_t jobs) {
  run_workers(some<RabbitWorker>(workers, port), jobs, [&] { produce_rabbits(port, jobs); });
  Rabbit last(port);
  last.ask(method(Method::QueueDelete, number(0, 2) + short_text(last.queue()) + number(0, 1)),
           Method::QueueDeleteOk);
}

}  // namespace seaworthy::bench
