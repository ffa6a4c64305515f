// The worker's core against any broker, any order of what happens to its processes, and any clock.
// The world around it is the least that a loop would be: processes that run, spools on disk.
#include <map>
#include <memory>

#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "shared/wire/codec.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/require.h"
#include "worker/core/core.h"
#include "worker/core/rules.h"

namespace seaworthy::fuzz {
namespace {

using namespace worker;

constexpr size_t kSteps = 400;

class World {
 public:
  explicit World(Input input)
      : input_(input),
        core_({"a",
               boot(1),
               "host",
               1,
               "0",
               {},
               input_.byte(),
               1'000,
               Duration{input_.byte() % 2 * 20'000}}) {}

  void run() {
    if (input_.byte() % 4 == 3) recover();
    for (size_t i = 0; i < kSteps && !input_.empty() && !exited_; ++i) {
      const uint8_t choice = input_.byte();
      if (choice >= 252)
        step(choice == 252 ? Event{LeaveRequested{}} : Event{DrainRequested{}});
      else if (choice >= 200)
        pass_time();
      else if (choice >= 120)
        attempt_happens();
      else
        hear(choice);
    }
  }

 private:
  struct Spool {
    bool process = false;
    bool killed = false;
    bool outcome = false;
    uint64_t bytes = 0;
  };

  void recover() {
    const AttemptKey key{{3}, {1}};
    spools_[key] = {false, false, true, 100};
    step(Recovered{report_of(key)});
  }

  void pass_time() {
    const uint8_t choice = input_.byte();
    const std::optional<Instant> due = core_.next_deadline();
    if (choice % 2 == 0 && due)
      now_ = *due + Duration{choice % 4 == 0 ? 0 : -1};
    else
      now_ = now_ + Duration{400 * choice};
    if (choice % 8 == 1)
      step(Measured{0, input_.number()});
    else if (choice % 8 == 3)
      step(Writable{});
    else
      step(Tick{});
  }

  void attempt_happens() {
    if (spools_.empty()) return step(Tick{});
    auto& [key, spool] =
        *std::next(spools_.begin(), input_.below(std::min<size_t>(spools_.size(), 256)));
    if (!spool.process) return step(Tick{});
    const uint8_t choice = input_.byte();
    if (choice < 128 && !spool.killed) {
      spool.bytes = std::min(spool.bytes + choice * uint64_t{1'000}, limits::kOutputBytes);
      return step(OutputGrew{key, spool.bytes});
    }
    spool.process = false;
    if (spool.killed) return step(AttemptGone{key});
    spool.outcome = true;
    step(AttemptEnded{report_of(key)});
  }

  wire::AttemptFinished report_of(AttemptKey key) {
    const Names names{boot(1), {1}, {}, 0, 0};
    auto report = MessageMaker(input_, names).make<wire::AttemptFinished>();
    report.job = key.job;
    report.attempt = key.attempt;
    report.output_bytes = spools_[key].bytes;
    return report;
  }

  void hear(uint8_t choice) {
    Names names{boot(1), epoch_, {}, 9, 9};
    for (const auto& [key, spool] : spools_) names.attempts.push_back(key);
    names.attempts.push_back({{4}, {1}});
    names.attempts.push_back({{5}, {2}});
    static const wire::Message kOften[] = {
        wire::Welcome{}, wire::Welcome{},  wire::Assign{},        wire::Assign{},
        wire::Assign{},  wire::OutputOk{}, wire::HeartbeatOk{},   wire::Recorded{},
        wire::Error{},   wire::Recorded{}, wire::CancelAttempt{}, wire::OutputOk{}};
    MessageMaker maker(input_, names);
    wire::Message message =
        maker.make(choice < std::size(kOften) ? kOften[choice].index()
                                              : choice % std::variant_size_v<wire::Message>);
    // A leap of the epoch ends the conversation for good, which is right and dull.
    if (auto* welcome = std::get_if<wire::Welcome>(&message)) {
      if (welcome->epoch.value > epoch_.value + 1) welcome->epoch = epoch_;
      if (input_.byte() % 4 != 0) welcome->timing = Timing{};
    }
    const wire::EncodedMessage bytes = wire::encode(message, 0);
    Result<wire::Envelope, wire::DecodeError> read = wire::decode(bytes.header, bytes.body);
    FUZZ_REQUIRE(read.has_value());
    step(Received{std::move(read->message)});
  }

  void step(const Event& event) {
    const Effects effects = core_.step({now_, {now_.since_start.count() + 1}}, event);
    for (const Effect& effect : effects) {
      FUZZ_REQUIRE(!exited_);
      std::visit([this](const auto& one) { take(one); }, effect);
    }
    const std::optional<Instant> due = core_.next_deadline();
    FUZZ_REQUIRE(due.has_value() != exited_);
    FUZZ_REQUIRE(!due || *due > now_);
  }

  void take(const Send& send) {
    const wire::EncodedMessage bytes = wire::encode(send.message, 0);
    FUZZ_REQUIRE(wire::decode(bytes.header, bytes.body).has_value());
    if (const auto* finished = std::get_if<wire::AttemptFinished>(&send.message))
      FUZZ_REQUIRE(spools_.at({finished->job, finished->attempt}).outcome);
  }
  void take(const SendOutput& send) {
    const Spool& spool = spools_.at(send.key);
    FUZZ_REQUIRE(send.size_bytes > 0 && send.size_bytes <= limits::kOutputChunkBytes);
    FUZZ_REQUIRE(send.offset + send.size_bytes <= spool.bytes && !spool.killed);
  }
  void take(const StartAttempt& start) {
    for (const auto& [key, spool] : spools_) FUZZ_REQUIRE(!spool.process);
    const AttemptKey key{start.assign.job, start.assign.attempt};
    FUZZ_REQUIRE(spools_.emplace(key, Spool{true, false, false, 0}).second);
  }
  void take(const EndAttempt& end) {
    FUZZ_REQUIRE(spools_.at(end.key).process && !spools_.at(end.key).killed);
  }
  void take(const KillAttempt& kill) {
    Spool& spool = spools_.at(kill.key);
    FUZZ_REQUIRE(spool.process && !spool.killed);
    spool.killed = true;
  }
  void take(const DiscardSpool& discard) {
    FUZZ_REQUIRE(!spools_.at(discard.key).process);
    spools_.erase(discard.key);
  }
  void take(const Reconnect&) {}
  void take(const Say& say) { FUZZ_REQUIRE(!say.text.empty()); }
  void take(const Exit&) { exited_ = true; }

  Input input_;
  Core core_;
  std::map<AttemptKey, Spool> spools_;
  Instant now_{Duration{1'000'000}};
  Epoch epoch_{3};
  bool exited_ = false;
};

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy::fuzz;
  World(Input(data, size)).run();
  return 0;
}
