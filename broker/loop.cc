#include "broker/loop.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "broker/access.h"
#include "broker/narrate.h"
#include "shared/base/overloaded.h"
#include "shared/io/clock.h"
#include "shared/io/signals.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// Nobody tells when a disk fills up or has room again. Commits look by themselves.
constexpr Duration kLookAtDisk = std::chrono::seconds(5);
constexpr Duration kLookAtFullDisk = std::chrono::seconds(1);
constexpr Duration kFindExpired = std::chrono::minutes(1);

// On a disk that was as quick the last time, a commit takes less than to hand it to another thread
// and back, when no other one is under way: this thread may wait for it.
constexpr uint64_t kQuickCommitUs = 2'000;

constexpr uint64_t kRefusedWait = 10'000;  // ms, before a worker need ask again

CoreOptions core_options(const LoopOptions& options) {
  return {options.timing, limits::kOutputCreditBytes, options.unmatched_timeout};
}

std::optional<KeyRing> ring_in(const std::optional<std::filesystem::path>& directory) {
  if (!directory) return std::nullopt;
  return std::optional<KeyRing>(std::in_place, *directory);
}

// What a Fetch… is answered with when nothing came: the same that the reading thread found, which
// is nothing.
Duration wait_of(const wire::Message& message) {
  if (const auto* fetch = std::get_if<wire::FetchEvents>(&message))
    return bounded_wait(fetch->wait_ms);
  if (const auto* fetch = std::get_if<wire::FetchOutput>(&message))
    return bounded_wait(fetch->wait_ms);
  return Duration{0};
}

// Those of the output that the message brings.
OutputTimes times_in(const Event& event) {
  const auto* received = std::get_if<MessageReceived>(&event);
  const auto* output = received ? std::get_if<wire::Output>(received->message) : nullptr;
  return output ? output->times : OutputTimes{};
}

}  // namespace

Loop::Loop(const LoopOptions& options, const io::Fd& signals, io::Supervisor& supervisor)
    : keys_(ring_in(options.keys)),
      doorkeeper_(context_, keys_ ? &*keys_ : nullptr),
      router_(context_, keys_ ? std::optional(keys_->secret()) : std::nullopt),
      connections_(
          context_, router_.handle(), "peers",
          {options.connections, limits::kUnreadBytes, limits::kMessagesPerSecond,
           limits::kMessagesPerSecondMore, limits::kBytesPerSecond, limits::kConnectionsPerKey}),
      signals_(signals),
      supervisor_(supervisor),
      started_(io::wall_now()),
      keeps_all_(options.keep.all()),
      store_(open_store(options.state)),
      core_(core_options(options), store_.tables.recover(), io::now()),
      storage_(std::move(store_), options.state, options.output,
               DiskSpace({options.state, options.output}, options.least_free_bytes)),
      reading_(database_in(options.state), options.output, storage_.filing()),
      upkeep_(database_in(options.state), options.output, options.keep, storage_.filing()),
      durable_sequence_(core_.ledger().last_sequence()),
      look_at_disk_(io::now()),
      find_expired_(look_at_disk_) {
  upkeep_.submit(SweepOutput{});
  router_.bind(options.listen);
}

Ended Loop::run() {
  while (!stopping_ && space_ != Space::None) {
    wait();
    while (std::optional<int> signal = io::next_signal(signals_))
      stopping_ = stopping_ || *signal != SIGHUP;
    supervisor_.alive(io::now());
    take_committed();
    take_answers();
    look_after_connections(io::now());  // before receive(): who sends has been heard of
    receive();
    const Instant now = io::now();
    if (std::optional<Instant> due = core_.next_deadline(); due && *due <= now) step(Tick{}, {});
    look_at_demand(now);
    expire_long_polls(now);
    commit();
    look_after_disk(now);
  }
  if (stopping_) supervisor_.stopping();
  while (durable_batches_ < submitted_batches_) {
    supervisor_.alive(io::now());
    zmq::pollitem_t items[] = {{nullptr, storage_.fd(), ZMQ_POLLIN, 0}};
    io::poll(items, Duration{1'000});
    take_committed();
  }
  return stopping_ ? Ended::Stopped : Ended::OutOfSpace;
}

void Loop::wait() {
  Instant due = look_at_disk_;
  if (!keeps_all_) due = std::min(due, find_expired_);
  if (connections_.size() > 0) due = std::min(due, next_look_);
  due = std::min(due, core_.next_deadline().value_or(due));
  due = std::min(due, long_polls_.next_deadline().value_or(due));
  due = std::min(due, supervisor_.next_deadline().value_or(due));
  if (demand_may_differ_ && long_polls_.any_waits_for_demand())
    due = std::min(due, look_at_demand_);
  const bool is_more_to_do = !unreachable_.empty() || !batch_.changes.empty();
  const Duration most = is_more_to_do ? Duration{0} : std::max(due - io::now(), Duration{0});
  std::vector<zmq::pollitem_t> items{
      {nullptr, signals_.get(), ZMQ_POLLIN, 0},  {nullptr, storage_.fd(), ZMQ_POLLIN, 0},
      {nullptr, reading_.fd(), ZMQ_POLLIN, 0},   {nullptr, upkeep_.fd(), ZMQ_POLLIN, 0},
      {connections_.handle(), 0, ZMQ_POLLIN, 0}, {doorkeeper_.handle(), 0, ZMQ_POLLIN, 0}};
  if (in_flight_.takes_anything()) items.push_back({router_.handle().handle(), 0, ZMQ_POLLIN, 0});
  if (keys_) items.push_back({nullptr, keys_->fd(), ZMQ_POLLIN, 0});
  io::poll(items, most);
  if (keys_ && items.back().revents != 0) follow_keys();
}

void Loop::receive() {
  for (size_t i = 0; i < limits::kEventsPerDrain && in_flight_.takes_anything(); ++i) {
    std::optional<io::Received> received = router_.receive();
    if (!received) break;
    take(*std::move(received));
  }
  // Told to the core after the drain, so that no step happens inside another's sending.
  while (!unreachable_.empty()) {
    const io::Peer peer = unreachable_.front();
    unreachable_.pop_front();
    step(PeerUnreachable{peer.value}, {});
  }
}

void Loop::take(io::Received received) {
  connections_.received(received);
  if (!received.peer) connections_.cut_off(received.descriptor);  // brought a routing id
  if (!received.envelope) return refuse(received.peer, received.envelope.error());
  wire::Envelope& envelope = *received.envelope;
  spdlog::debug("{} from peer {}", wire::name_of(envelope.message), received.peer.value);
  if (!is_allowed(received, envelope)) return;
  if (take_shell_message(received.peer, received.user, envelope)) return;
  // Without its bytes it is a sign of life, and the answer says what is missing.
  if (std::holds_alternative<wire::Output>(envelope.message) && !in_flight_.takes_output())
    envelope.blob.clear();
  const MessageReceived event{received.peer.value, envelope.tag, &envelope.message,
                              envelope.blob.size()};
  step(event, std::move(envelope.blob));
}

bool Loop::take_shell_message(io::Peer peer, const std::string& user,
                              const wire::Envelope& envelope) {
  const uint64_t tag = envelope.tag;
  auto question = [&] { return Question{peer.value, tag, envelope.message, durable_record_}; };
  auto put = [&] {
    if (admit(peer, user, tag)) ask(question());
  };
  return std::visit(
      overloaded{
          [&](const wire::Ping&) {
            send(peer, {wire::Pong{core_.epoch(), SEAWORTHY_VERSION,
                                   static_cast<uint32_t>(getpid()), started_},
                        tag,
                        {}});
            return true;
          },
          [&](const wire::FetchMetrics&) {
            return send(peer, {metrics(), tag, {}}), true;
          },
          [&](const wire::Notify& notify) {
            notices_.add(notify.repository);
            std::vector<Question> woken = long_polls_.wake_for_notice();
            send(peer, {wire::NotifyOk{static_cast<uint32_t>(woken.size())}, tag, {}});
            for (const Question& one : woken)
              answer(one,
                     {notices_.since(std::get<wire::AwaitNotice>(one.message).after), one.tag, {}});
            return true;
          },
          [&](const wire::AwaitNotice& await) {
            const wire::Notice now = notices_.since(await.after);
            if (notices_.has_news(await.after))
              send(peer, {now, tag, {}});
            else if (admit(peer, user, tag) &&
                     !long_polls_.park_for_notice({question(), now},
                                                  io::now() + bounded_wait(await.wait_ms)))
              answer(question(), {now, tag, {}});
            return true;
          },
          [&](const wire::AwaitDemand& await) {
            return await_demand(peer, user, tag, await), true;
          },
          [&](const wire::FetchEvents& fetch) {
            if (!fetch.after)
              send(peer, {wire::Events{durable_sequence_, {}}, tag, {}});
            else
              put();
            return true;
          },
          [&](const wire::FetchOutput&) { return put(), true; },
          [&](const wire::ListBuilds&) { return put(), true; },
          [&](const wire::ShowBuild&) { return put(), true; },
          [&](const wire::ListHeads&) { return put(), true; },
          [&](const wire::ListTests&) { return put(), true; },
          [&](const wire::TestHistory&) { return put(), true; }, [](const auto&) { return false; }},
      envelope.message);
}

void Loop::step(const Event& event, std::string blob) {
  Effects effects = core_.step(io::moment(), event);
  demand_may_differ_ = true;
  for (Change& change : effects.changes) {
    if (std::holds_alternative<OutputStored>(change.body)) {
      batch_.blobs.push_back({std::move(blob), times_in(event)});
      in_flight_.gather(batch_.blobs.back().bytes.size() +
                        batch_.blobs.back().times.size() * sizeof(OutputTime));
    }
    if (const auto* ended = std::get_if<AttemptEnded>(&change.body))
      in_flight_.gather(ended->report.tests.data.size());
    batch_.changes.push_back(std::move(change));
  }
  std::move(effects.messages.begin(), effects.messages.end(), std::back_inserter(batch_.messages));
}

// What changes nothing and follows nothing that is not durable yet leaves at once.
void Loop::commit() {
  if (batch_.changes.empty() && batch_.messages.empty()) return;
  Batch batch = std::exchange(batch_, {});
  if (batch.changes.empty() && durable_batches_ == submitted_batches_) {
    for (const Outgoing& out : batch.messages) send({out.peer}, {out.message, out.tag, {}});
    return;
  }
  submit(std::move(batch));
}

void Loop::submit(Batch batch) {
  const bool is_first = durable_batches_ == submitted_batches_;
  in_flight_.submitted();
  ++submitted_batches_;
  if (is_first && last_commit_us_ < kQuickCommitUs && storage_.can_commit_now(batch))
    take(storage_.commit_now(std::move(batch)));
  else
    storage_.submit(std::move(batch));
}

void Loop::take_committed() {
  for (Committed& committed : storage_.take_committed()) take(std::move(committed));
}

void Loop::take(Committed committed) {
  if (committed.failure) std::rethrow_exception(committed.failure);
  const EventSequence before = durable_sequence_;
  see_space(committed.space);
  ++durable_batches_;
  if (committed.commit_us) counters_.committed(last_commit_us_ = *committed.commit_us);
  if (committed.record != 0) durable_record_ = committed.record;
  in_flight_.durable();
  for (const Outgoing& out : committed.messages) send({out.peer}, {out.message, out.tag, {}});
  for (const Change& change : *committed.changes) after_commit(change);
  if (durable_sequence_ > before)
    for (Question& question : long_polls_.wake_for_events()) ask(std::move(question));
}

void Loop::see_space(Space space) {
  look_at_disk_ = io::now() + (space == Space::Enough ? kLookAtDisk : kLookAtFullDisk);
  if (space == space_) return;
  space_ = space;
  find_expired_ = io::now();
  if (space == Space::Enough)
    spdlog::info("there is room on the disk again: new work is taken");
  else if (space == Space::Low)
    spdlog::warn(
        "the disk is nearly full (--min-free-disk): no new work is taken until there is room; what "
        "runs goes on, and its outcomes are kept");
  step(SpaceChanged{space == Space::Enough}, {});
}

void Loop::look_after_disk(Instant now) {
  if (now >= look_at_disk_) {
    look_at_disk_ = now + kLookAtDisk;
    submit({});
  }
  if (!keeps_all_ && now >= find_expired_) {
    find_expired_ = now + kFindExpired;
    upkeep_.submit(FindExpired{durable_record_});
  }
}

void Loop::after_commit(const Change& change) {
  narrate(change);
  counters_.count(change);
  if (change.sequence) durable_sequence_ = change.sequence;
  auto wake = [this](JobId job) {
    for (Question& question : long_polls_.wake_for_output(job)) ask(std::move(question));
  };
  std::visit(
      overloaded{
          [&](const OutputStored& stored) { wake(stored.job); },
          [&](const JobFinished& finished) { wake(finished.job); },
          [&](const AttemptAssigned& assigned) { wake(assigned.job); },
          [&](const BuildRemoved& removed) {
            upkeep_.submit(RemoveOutput{removed.attempts, durable_record_});
            find_expired_ = io::now();  // there may be more
          },
          [&](const AttemptEnded& ended) {
            if (ended.report.output_bytes == 0) return;
            upkeep_.submit(CompressOutput{{ended.job, ended.attempt}, ended.report.output_bytes});
          },
          [](const auto&) {}},
      change.body);
}

bool Loop::admit(io::Peer peer, const std::string& user, uint64_t tag) {
  if (open_.admit(peer.value, user)) return true;
  send(peer, {wire::Error{wire::ErrorCode::Overloaded,
                          "too many questions are waiting for their answers: wait for some of them",
                          true, 1'000},
              tag,
              {}});
  return false;
}

void Loop::answer(const Question& question, const wire::Envelope& envelope) {
  open_.answered(question.peer);
  send({question.peer}, envelope);
}

void Loop::ask(Question question) {
  question.record = durable_record_;
  reading_.submit(std::move(question));
}

void Loop::take_answers() {
  for (Answer& answer : reading_.take_answers()) park_or_answer(std::move(answer));
  for (const BuildsExpired& expired : upkeep_.take_expired()) step(expired, {});
}

void Loop::park_or_answer(Answer answer) {
  const Duration wait = wait_of(answer.question.message);
  const Question& question = answer.question;
  if (answer.nothing_new && wait > Duration{0}) {
    // Something became durable while it was being read: look again before waiting.
    if (question.record != durable_record_) return ask(std::move(answer.question));
    const Instant deadline = io::now() + wait;
    LongPolls::Parked parked{question, answer.envelope.message};
    if (const auto* fetch = std::get_if<wire::FetchOutput>(&question.message)) {
      if (long_polls_.park_for_output(fetch->job, std::move(parked), deadline)) return;
    } else if (long_polls_.park_for_events(std::move(parked), deadline)) {
      return;
    }
  }
  if (auto* detail = std::get_if<wire::BuildDetail>(&answer.envelope.message))
    for (wire::JobRow& job : detail->jobs) job.why_waiting = core_.why_waiting(job.job);
  this->answer(question, answer.envelope);
}

void Loop::expire_long_polls(Instant now) {
  for (const LongPolls::Parked& parked : long_polls_.expired(now))
    answer(parked.question, {parked.fallback, parked.question.tag, {}});
}

// Connections are libzmq's: what it tells of them, and what it lets through, is dealt with here.
void Loop::look_after_connections(Instant now) {
  const int64_t now_ms = now.since_start.count();
  doorkeeper_.take(now);  // those refused end without a word
  const Connections::Happened happened = connections_.take();
  for (uint64_t i = 0; i < happened.silent; ++i)
    if (uint64_t count = garbage_.pass(now_ms))
      spdlog::warn(
          "{} connection(s) ended before a word was said: not let in, cut off, or nobody of ours; "
          "everyone else is served on",
          count);
  for (uint64_t i = 0; i < happened.refused + happened.not_taken; ++i)
    if (uint64_t count = crowd_.pass(now_ms))
      spdlog::warn(
          "{} connection(s) refused: {} are open, and the limit of open files (ulimit -n) leaves "
          "no room for more; everyone who is connected is served on",
          count, connections_.size());
  if (now < next_look_) return;
  next_look_ = now + limits::kConnectionsLook;
  for (const Connections::Offender& offender : connections_.offenders(now))
    part_with(offender, now);
}

void Loop::follow_keys() {
  if (!keys_->follow()) return;
  const auto is_known = [this](const std::string& user) { return keys_->find(user) != nullptr; };
  for (const Connections::Offender& stranger : connections_.of_strangers(is_known)) {
    connections_.cut_off(stranger.descriptor);
    step(PeerUnreachable{stranger.peer.value}, {});
  }
}

// Whoever has a key answers for it; without one the connection is all there is to end.
void Loop::part_with(const Connections::Offender& offender, Instant now) {
  connections_.cut_off(offender.descriptor);
  const KeyRing::Holder* holder = keys_ ? keys_->find(offender.user) : nullptr;
  if (holder != nullptr && !keys_->is_quarantined(offender.user, now)) {
    keys_->quarantine(offender.user, now);
    spdlog::warn("key {} ({}) is kept out for {} s: {}", holder->name, to_string(holder->role),
                 std::chrono::duration_cast<std::chrono::seconds>(limits::kQuarantine).count(),
                 offender.what);
  }
  if (holder != nullptr) return;
  if (uint64_t count = offences_.pass(now.since_start.count()))
    spdlog::warn(
        "{} connection(s) cut off, the last one, of peer {}, because {}; everyone else is "
        "served on",
        count, offender.peer.value, offender.what);
}

bool Loop::is_allowed(const io::Received& received, const wire::Envelope& envelope) {
  if (!keys_) return true;
  const KeyRing::Holder* holder = keys_->find(received.user);
  if (holder == nullptr) {  // revoked, or being so
    connections_.cut_off(received.descriptor);
    return false;
  }
  const std::string why = refusal(holder->role, holder->name, envelope.message);
  if (why.empty()) return true;
  if (uint64_t count = forbidden_.pass(io::now().since_start.count()))
    spdlog::warn("{} message(s) refused, the last one: {}", count, why);
  const wire::Error error{wire::ErrorCode::Refused, why, false, kRefusedWait};
  send(received.peer, {error, envelope.tag, {}});
  return false;
}

void Loop::send(io::Peer peer, const wire::Envelope& envelope) {
  switch (router_.send(peer, envelope)) {
    case io::Sent::Taken: return;
    case io::Sent::Unreachable:
    case io::Sent::Full:
      spdlog::debug("peer {} could not be sent {}", peer.value, wire::name_of(envelope.message));
      unreachable_.push_back(peer);
  }
}

void Loop::refuse(io::Peer peer, const wire::DecodeError& error) {
  if (uint64_t count = garbage_.pass(io::now().since_start.count()))
    spdlog::warn(
        "{} connection(s) or message(s) that do not speak the protocol, the last one: {}; everyone "
        "else is "
        "served on",
        count, error.reason);
  if (peer) send(peer, {wire::Error{error.code, error.reason, false, 0}, error.tag, {}});
}

}  // namespace seaworthy::broker
