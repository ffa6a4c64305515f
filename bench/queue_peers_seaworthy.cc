// Seaworthy's own protocol, spoken as sparingly as those of the others: ZMTP 3.0 without keys on a
// plain connection (https://rfc.zeromq.org/spec/23/), and the messages of docs/protocol.md.
#include <array>
#include <cstdio>
#include <random>

#include "bench/queue_peers.h"
#include "shared/wire/codec.h"

namespace seaworthy::bench {
namespace {

constexpr const char* kLabel = "bench";
constexpr size_t kAtOnce = 64;  // jobs a Submit: a quarter of kAhead

template <class Token>
Token random_token() {
  static std::random_device random;
  Token token;
  for (auto& byte : token.bytes) byte = static_cast<uint8_t>(random());
  return token;
}

// ---- ZMTP

constexpr uint8_t kMore = 1, kLong = 2, kCommand = 4;

void append_frame(std::string& bytes, uint8_t flags, std::string_view body) {
  const bool is_long = body.size() > 255;
  bytes.push_back(static_cast<char>(flags | (is_long ? kLong : 0)));
  for (size_t i = is_long ? 8 : 1; i-- > 0;)
    bytes.push_back(static_cast<char>(body.size() >> 8 * i));
  bytes += body;
}

class Peer {
 public:
  explicit Peer(uint16_t port) : link_(port) {
    constexpr size_t kGreetingBytes = 64;
    std::string greeting{"\xFF\0\0\0\0\0\0\0\0\x7F\x03\0NULL", 16};
    greeting.resize(kGreetingBytes);
    link_.send(greeting);
    while (link_.in().size() < kGreetingBytes) link_.receive();
    link_.take(kGreetingBytes);
    // Word for word: libzmq 4.3.4 was seen to close connections on which messages came right
    // behind.
    append_frame(out_, kCommand,
                 {"\x05READY\x0BSocket-Type\0\0\0\x06"
                  "DEALER",
                  28});
    flush();
    uint8_t flags = 0;
    for (std::string_view ready; !take_frame(flags, ready);) link_.receive();
  }

  int fd() const { return link_.fd(); }
  void receive() { link_.receive(); }
  // To be sent with what follows.
  void add(const wire::Message& message) {
    const wire::EncodedMessage encoded = wire::encode(message, 1);
    append_frame(out_, kMore, encoded.header);
    append_frame(out_, 0, encoded.body);
  }
  void flush() {
    link_.send(out_);
    out_.clear();
  }
  // The next message, if all of it has come.
  bool next(wire::Message& message) {
    uint8_t flags = 0;
    for (std::string_view body; take_frame(flags, body);) {
      if ((flags & kCommand) != 0) continue;
      if ((flags & kMore) != 0) {
        header_ = body;
        continue;
      }
      auto envelope = wire::decode(header_, body);
      if (!envelope) fail(envelope.error().reason);
      message = std::move(envelope->message);
      if (const auto* error = std::get_if<wire::Error>(&message)) fail(error->message);
      return true;
    }
    return false;
  }

 private:
  // `body` is valid until the next receive().
  bool take_frame(uint8_t& flags, std::string_view& body) {
    const std::string_view in = link_.in();
    if (in.empty()) return false;
    flags = static_cast<uint8_t>(in[0]);
    const size_t start = (flags & kLong) != 0 ? 9 : 2;
    if (in.size() < start) return false;
    uint64_t size = 0;
    for (char byte : in.substr(1, start - 1)) size = size << 8 | static_cast<uint8_t>(byte);
    if (in.size() < start + size) return false;
    body = in.substr(start, size);
    link_.take(start + size);
    return true;
  }

  Link link_;
  std::string out_;
  std::string header_;
};

// ---- who hands in, and who takes

void produce(uint16_t port, uint64_t jobs) {
  Peer peer(port);
  wire::Submit submit;
  submit.repository = "/srv/bench";
  submit.ref = "refs/heads/main";
  JobSpec job_to_do;
  job_to_do.name = "test";
  job_to_do.steps = {{"test", job(0), {}}};
  job_to_do.timeout = Duration{60'000};
  job_to_do.runs_on = {kLabel};
  submit.pipelines = {{{job_to_do}, std::nullopt}};
  const auto run = static_cast<unsigned>(std::random_device{}());
  uint64_t sent = 0, unanswered = 0;
  while (sent < jobs || unanswered > 0) {
    for (; sent < jobs && unanswered < kAhead / kAtOnce; ++unanswered) {
      submit.request = random_token<RequestId>();
      submit.revisions.clear();
      for (; sent < jobs && submit.revisions.size() < kAtOnce; ++sent) {
        std::array<char, 41> revision{};
        std::snprintf(revision.data(), revision.size(), "%016x%024llx", run,
                      static_cast<unsigned long long>(sent));
        submit.revisions.push_back({revision.data(), static_cast<uint32_t>(submit.revisions.size()),
                                    0, "a commit", "somebody"});
      }
      submit.tip = submit.revisions.front().revision;
      peer.add(submit);
    }
    peer.flush();
    peer.receive();
    for (wire::Message message; peer.next(message);)
      if (std::holds_alternative<wire::SubmitOk>(message)) --unanswered;
  }
}

class SeaworthyWorker : public Worker {
 public:
  SeaworthyWorker(uint16_t port, size_t number) : peer_(port), boot_(random_token<BootId>()) {
    wire::Hello hello;
    hello.worker = "bench-" + std::to_string(number);
    hello.boot = boot_;
    hello.labels = {kLabel};
    hello.count = 1;
    peer_.add(hello);
    peer_.flush();
  }

  int fd() const override { return peer_.fd(); }
  // A worker that is idle for longer than Timing::ready would have to say so again; these are not.
  uint64_t turn() override {
    peer_.receive();
    uint64_t recorded = 0;
    for (wire::Message message; peer_.next(message);) {
      if (std::holds_alternative<wire::Welcome>(message)) {
        peer_.add(wire::Ready{boot_, 1, ""});
      } else if (const auto* assign = std::get_if<wire::Assign>(&message)) {
        if (assign->specification.steps.front().run.size() != kJobBytes)
          fail("Seaworthy gave a job of another size");
        wire::AttemptFinished report;
        report.boot = boot_;
        report.job = assign->job;
        report.attempt = assign->attempt;
        report.outcome = Outcome::Passed;
        report.steps = {{"test", 0, 100}};
        peer_.add(report);
        peer_.add(wire::Ready{boot_, 1, ""});
      } else if (std::holds_alternative<wire::Recorded>(message)) {
        ++recorded;
      }
    }
    peer_.flush();
    return recorded;
  }

 private:
  Peer peer_;
  BootId boot_;
};

}  // namespace

void run_seaworthy(uint16_t port, size_t count, uint64_t jobs) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<SeaworthyWorker>(port, i));
  run_workers(workers, jobs, [&] { produce(port, jobs); });
}

}  // namespace seaworthy::bench
