// The broker's core against any sequence of messages, silences, lost connections and restarts, from
// peers that may lie. The store takes what was decided at once. After each step the core's memory
// must agree with itself and with the promises that hold whatever peers say; after a restart it
// must be what it was before.
#include <algorithm>
#include <memory>
#include <set>
#include <tuple>

#include "broker/core/core.h"
#include "shared/base/overloaded.h"
#include "shared/model/limits.h"
#include "shared/wire/codec.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/require.h"
#include "tests/sim/model_store.h"

namespace seaworthy::fuzz {
namespace {

using broker::Job;

constexpr size_t kSteps = 200;
constexpr size_t kPeers = 4;

// All that a job is, for comparing.
auto all_of(const broker::Ledger& ledger, const Job& job) {
  const Job::Past& past = job.past();
  return std::tuple(job.build, ledger.name_of(job), job.state, job.cancel_requested, job.passed,
                    past.losses, past.failures, job.attempt, past.worker, past.boot,
                    past.output_bytes, job.needs(), job.priority);
}

auto all_jobs(const broker::Ledger& ledger) {
  std::map<JobId, decltype(all_of(ledger, ledger.jobs().at({})))> all;
  for (const auto& [id, job] : ledger.jobs()) all.emplace(id, all_of(ledger, job));
  return all;
}

size_t count_ready(const broker::Ledger& ledger) {
  size_t ready = 0;
  for (const auto& [id, job] : ledger.jobs()) ready += job.ready;
  return ready;
}

class World {
 public:
  explicit World(Input input) : input_(input) { start(); }

  void run() {
    for (size_t i = 0; i < kSteps && !input_.empty(); ++i) {
      const uint8_t choice = input_.byte();
      if (choice >= 248)
        restart();
      else if (choice >= 244)
        step(broker::PeerUnreachable{input_.below(kPeers)});
      else if (choice >= 242)
        step(broker::SpaceChanged{choice == 242});
      else if (choice >= 240)
        remove_a_build();
      else if (choice >= 216)
        pass_time();
      else
        speak(choice);
    }
    restart();
  }

 private:
  void start() {
    core_ = std::make_unique<broker::Core>(
        broker::CoreOptions{Timing{}, limits::kOutputCreditBytes, Duration{50'000}},
        store_.recover(), now_);
    check_memory();
  }

  // A disk that keeps everything: what the next life reads is what this one knew.
  void restart() {
    const auto before = all_jobs(core_->ledger());
    const size_t ready_before = count_ready(core_->ledger());
    const auto cursors_before = core_->ledger().cursors();
    start();
    FUZZ_REQUIRE(core_->ledger().cursors() == cursors_before);
    FUZZ_REQUIRE(all_jobs(core_->ledger()) == before);
    // Those that were held back are ready now.
    FUZZ_REQUIRE(count_ready(core_->ledger()) >= ready_before);
  }

  void pass_time() {
    constexpr int64_t kLongest = 100'000;
    const uint8_t choice = input_.byte();
    const std::optional<Instant> due = core_->next_deadline();
    if (choice % 2 == 0 && due)
      now_ = *due + Duration{choice % 4 == 0 ? 0 : -1};
    else
      now_ = now_ + Duration{kLongest * choice / 256};
    step(broker::Tick{});
  }

  // Or one that is not finished, which the core must not believe.
  void remove_a_build() {
    if (store_.builds().empty()) return;
    const size_t which = input_.below(std::min<size_t>(store_.builds().size(), 256));
    const BuildId build = std::next(store_.builds().begin(), static_cast<long>(which))->first;
    step(broker::BuildsExpired{{store_.removal_of(build)}});
  }

  Names names_for(uint8_t peer) const {
    const broker::Ledger& ledger = core_->ledger();
    Names names{boot(peer), core_->epoch(), {}, ledger.last_build().value, ledger.last_job().value};
    for (const auto& [id, job] : ledger.jobs()) names.attempts.push_back({id, job.attempt});
    return names;
  }

  void speak(uint8_t choice) {
    const uint8_t peer = choice % kPeers;
    const Names names = names_for(peer);
    MessageMaker maker(input_, names);
    const size_t type = type_for(static_cast<uint8_t>(choice / kPeers));
    // Of arbitrary ones hardly any would be taken, and nothing would follow.
    const bool submits = type == wire::Message(wire::Submit{}).index() && input_.byte() % 16 != 15;
    const wire::Message made = submits ? wire::Message(a_submit()) : maker.make(type);
    const wire::EncodedMessage bytes = wire::encode(made, choice);
    Result<wire::Envelope, wire::DecodeError> read = wire::decode(bytes.header, bytes.body);
    FUZZ_REQUIRE(read.has_value());
    const bool has_blob = std::holds_alternative<wire::Output>(read->message);
    step(broker::MessageReceived{peer, read->tag, &read->message, has_blob ? input_.number() : 0});
  }

  wire::Submit a_submit() {
    wire::Submit submit;
    submit.request.bytes[0] = static_cast<uint8_t>(1 + input_.below(32));
    submit.repository = "/srv/project";
    submit.ref = input_.byte() % 4 == 3 ? "refs/heads/topic" : "refs/heads/main";
    submit.tip = revision(input_.below(16));
    submit.again = input_.byte() % 8 == 7;
    Pipeline& pipeline = submit.pipelines.emplace_back();
    const uint8_t shape = input_.byte();
    if (shape >= 240)
      pipeline.decided = {shape % 2 == 0 ? Verdict::Skipped : Verdict::Failed, "nothing to run"};
    for (size_t i = 0; i < shape % 5 + 1u && !pipeline.decided; ++i) {
      JobSpec& job = pipeline.jobs.emplace_back();
      job.name = std::string(1, static_cast<char>('p' + i));
      job.steps = {{"test", "true", {}}};
      job.timeout = Duration{1'000};
      const uint8_t schedule = input_.byte();
      job.priority = static_cast<Priority>(1 + schedule % 3);
      if (schedule / 3 % 4 == 3) job.runs_on = {"t"};
      if (schedule / 3 % 8 == 6) job.runs_on = {"t", "tt"};
      const uint8_t needs = input_.byte();
      for (size_t other = 0; other < i; ++other)
        if (needs >> other & 1) job.needs.push_back(pipeline.jobs[other].name);
    }
    const uint8_t group = input_.byte();
    if (group % 4 == 3) pipeline.concurrency = {group % 8 == 7 ? "" : "deploy", group >= 128};
    const uint32_t count = 1u + input_.byte() % 3;
    for (uint32_t i = 0; i < count; ++i)
      submit.revisions.push_back({revision(input_.below(32)), i, 0, "subject", "author"});
    return submit;
  }

  // What the core acts on comes most often.
  size_t type_for(uint8_t choice) {
    static const wire::Message kOften[] = {
        wire::Hello{},  wire::Hello{},           wire::Ready{},       wire::Ready{},
        wire::Ready{},  wire::Accept{},          wire::Accept{},      wire::Decline{},
        wire::Output{}, wire::AttemptFinished{}, wire::Heartbeat{},   wire::AttemptFinished{},
        wire::Submit{}, wire::AttemptFinished{}, wire::Submit{},      wire::Submit{},
        wire::Cancel{}, wire::Goodbye{},         wire::QueueStatus{}, wire::ListWorkers{},
        wire::Cancel{}, wire::AdvanceHead{},     wire::Output{}};
    return choice < std::size(kOften) ? kOften[choice].index()
                                      : input_.below(std::variant_size_v<wire::Message>);
  }

  void step(const broker::Event& event) {
    const Moment moment{now_, {now_.since_start.count() + 1}};
    const broker::Effects effects = core_->step(moment, event);
    static const std::string blob(limits::kOutputChunkBytes, 'x');
    for (const broker::Change& change : effects.changes) {
      check_change(change);
      store_.apply(change, &blob);
    }
    for (const broker::Outgoing& out : effects.messages) check_message(out);
    check_memory();
  }

  void check_change(const broker::Change& change) {
    if (change.sequence) {
      FUZZ_REQUIRE(change.sequence.value == last_sequence_ + 1);
      last_sequence_ = change.sequence.value;
    }
    std::visit(
        overloaded{
            [&](const broker::AttemptAssigned& b) {
              FUZZ_REQUIRE(assigned_.insert({b.job, b.attempt}).second);
              const broker::Session* session = core_->roster().find(b.worker);
              FUZZ_REQUIRE(
                  session != nullptr &&
                  broker::has_all(session->labels, store_.jobs().at(b.job).specification.runs_on));
              FUZZ_REQUIRE(!cancelled_.contains(b.job));
            },
            [&](const broker::AttemptLost& b) { FUZZ_REQUIRE(b.losses <= limits::kLosses); },
            [&](const broker::AttemptEnded& b) { FUZZ_REQUIRE(b.failures <= limits::kFailures); },
            [&](const broker::CancelRequested& b) { cancelled_.insert(b.job); },
            [&](const broker::JobFinished& b) {
              FUZZ_REQUIRE(finished_.insert(b.job).second);
              if (b.attempt) FUZZ_REQUIRE(assigned_.contains({b.job, b.attempt}));
            },
            [&](const broker::BuildFinished& b) {
              FUZZ_REQUIRE(finished_builds_.insert(b.build).second);
            },
            [&](const broker::BuildRemoved& b) {
              FUZZ_REQUIRE(finished_builds_.contains(b.build));
            },
            [&](const broker::OutputStored& b) {
              FUZZ_REQUIRE(b.size > 0 && b.skip + b.size <= limits::kOutputChunkBytes);
            },
            [](const auto&) {}},
        change.body);
  }

  void check_message(const broker::Outgoing& out) {
    if (const auto* ok = std::get_if<wire::SubmitOk>(&out.message))
      for (const wire::SubmittedBuild& one : ok->builds)
        FUZZ_REQUIRE(store_.builds().contains(one.build) || store_.removed().contains(one.build));
    if (const auto* assign = std::get_if<wire::Assign>(&out.message)) {
      FUZZ_REQUIRE(out.needs_specification && store_.jobs().contains(assign->job));
      FUZZ_REQUIRE(sent_.insert({assign->job, assign->attempt}).second);
    }
    FUZZ_REQUIRE(wire::encode(out.message, out.tag).body.size() <= limits::kMessageBytes);
  }

  void check_memory() {
    const broker::Ledger& ledger = core_->ledger();
    size_t running = 0, unfinished = 0;
    for (const auto& [id, job] : ledger.jobs()) {
      const broker::Build* build = ledger.find_build(job.build);
      FUZZ_REQUIRE(build != nullptr);
      FUZZ_REQUIRE(!job.ready || (job.state == State::Queued && job.needs().empty()));
      FUZZ_REQUIRE(!job.ready || !ledger.is_paused(ledger.repository_of(*build)));
      const broker::Group* group = ledger.group_of(*build);
      FUZZ_REQUIRE(job.state != State::Running || group == nullptr || group->holder == job.build);
      unfinished += job.state != State::Finished;
      if (job.state != State::Running) continue;
      ++running;
      const std::vector<JobId> leased = ledger.leased_by(job.past().worker);
      FUZZ_REQUIRE(std::count(leased.begin(), leased.end(), id) == 1);
    }
    FUZZ_REQUIRE(running == ledger.running_count());
    FUZZ_REQUIRE(unfinished == ledger.unfinished_count());
    FUZZ_REQUIRE(ledger.cursors().size() <= limits::kCursors);
    // All that was due is done, and what runs has a deadline.
    const std::optional<Instant> due = core_->next_deadline();
    FUZZ_REQUIRE(due ? *due > now_ : running == 0);
  }

  Input input_;
  sim::ModelStore store_;
  std::unique_ptr<broker::Core> core_;
  Instant now_{Duration{1'000'000}};
  uint64_t last_sequence_ = 0;
  std::set<AttemptKey> assigned_, sent_;
  std::set<JobId> cancelled_, finished_;
  std::set<BuildId> finished_builds_;
};

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy::fuzz;
  World(Input(data, size)).run();
  return 0;
}
