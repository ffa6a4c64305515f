// What workers say: one function per message.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"
#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

const wire::HeldAttempt* find_held(const std::vector<wire::HeldAttempt>& held, JobId job,
                                   AttemptNumber attempt) {
  for (const wire::HeldAttempt& one : held)
    if (one.job == job && one.attempt == attempt) return &one;
  return nullptr;
}

std::optional<std::string> what_is_wrong(const wire::Hello& m) {
  if (m.worker.empty() || m.worker.size() > limits::kNameBytes)
    return "a worker's name has 1 to " + std::to_string(limits::kNameBytes) +
           " bytes: choose another with --name";
  if (!m.boot) return "boot is missing";
  if (m.labels.size() > limits::kLabels)
    return "a worker has at most " + std::to_string(limits::kLabels) + " labels";
  auto too_long = [](const std::string& text) { return text.size() > limits::kNameBytes; };
  if (too_long(m.host) || too_long(m.version) || std::ranges::any_of(m.labels, too_long))
    return "host, version and each label have at most " + std::to_string(limits::kNameBytes) +
           " bytes";
  return std::nullopt;
}

}  // namespace

void Core::on_message(const wire::Hello& m) {
  if (auto wrong = what_is_wrong(m))
    return answer(wire::Error{wire::ErrorCode::BadMessage, "Hello refused: " + *wrong, false, 0});
  if (roster_.size() >= limits::kSessions)
    return answer(
        wire::Error{wire::ErrorCode::Overloaded, "too many workers are connected", true, 30'000});
  // One that was overtaken, on an older connection, does not know what the worker holds now.
  const Session* present = roster_.find(m.worker);
  if (present != nullptr && present->boot == m.boot && m.count > 0 && m.count <= present->hellos)
    return;
  Session& session =
      roster_.enter({SessionId{++last_session_}, peer_, m.worker, m.boot, m.host, m.pid, m.version,
                     sorted(m.labels), 0, moment_.now, moment_.wall, m.count},
                    ledger_.label_sets());
  if (roster_.is_drained(m.worker)) roster_.set_reason(session, why_drained(m.worker));
  unmatched_.saw(m.worker, session.labels, ledger_.label_sets());
  for (JobId job : ledger_.leased_by(m.worker)) settle_lease_at_hello(session, job, m);
  wire::Welcome welcome{epoch_, m.boot, session.id, options_.timing, output_credit_.first(),
                        {},     {}};
  for (const wire::HeldAttempt& held : m.held) {
    const Job* job = ledger_.find_job(held.job);
    if (job != nullptr && may_adopt(session, *job, held.attempt, held.finished)) {
      decide(AttemptAdopted{held.job, held.attempt, m.worker, m.boot});
      renew(held.job);
    }
    if (job != nullptr && holds(session, *job, held.attempt))
      welcome.keep.push_back({held.job, held.attempt, job->past().output_bytes});
    else
      welcome.gone.push_back({held.job, held.attempt});
  }
  answer(std::move(welcome));
}

// A lease of this worker's name meets the worker's word of what it holds.
void Core::settle_lease_at_hello(const Session& session, JobId id, const wire::Hello& hello) {
  const Job& job = *ledger_.find_job(id);
  const wire::HeldAttempt* held = find_held(hello.held, id, job.attempt);
  if (job.past().boot != hello.boot && (held == nullptr || !held->finished))
    return lose(id, "worker " + session.worker + " was started anew");
  if (held == nullptr) return give_back(id, "it never reached worker " + session.worker);
  decide(AttemptReattached{id, job.attempt, session.worker, session.boot});
  renew(id);
}

void Core::on_message(const wire::Ready& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  const std::vector<JobId> leased = ledger_.leased_by(session->worker);
  const uint32_t held =
      static_cast<uint32_t>(std::min<size_t>(leased.size(), limits::kSlotsPerWorker));
  uint32_t on_their_way = 0;
  for (JobId job : leased)
    if (const Leases::Lease* lease = leases_.find(job); lease != nullptr && !lease->accepted)
      ++on_their_way;
  const bool is_drained = roster_.is_drained(session->worker);
  roster_.set_reason(*session, is_drained ? why_drained(session->worker)
                                          : m.reason.substr(0, limits::kDetailBytes));
  if (is_drained) return roster_.set_slots(*session, 0);
  const bool rests = session->declined && moment_.now < *session->declined + limits::kDeclinedPause;
  const uint32_t wanted = m.slots > on_their_way && !rests ? m.slots - on_their_way : 0;
  roster_.set_slots(*session, std::min<uint32_t>(wanted, limits::kSlotsPerWorker - held));
}

void Core::on_message(const wire::Accept& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  const Job* job = ledger_.find_job(m.job);
  if (job == nullptr || !holds(*session, *job, m.attempt))
    return refuse_attempt(*session, {m.job, m.attempt});
  renew(m.job);
}

void Core::on_message(const wire::Decline& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  const Job* job = ledger_.find_job(m.job);
  roster_.set_slots(*session, 0);
  session->declined = moment_.now;
  if (job != nullptr && holds(*session, *job, m.attempt))
    give_back(m.job, "worker " + session->worker +
                         " declined: " + m.reason.substr(0, limits::kDetailBytes));
}

void Core::on_message(const wire::Heartbeat& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  wire::HeartbeatOk ok{epoch_, m.boot, {}, {}, {}};
  for (const wire::HeldAttempt& held : m.held) {
    const AttemptKey key{held.job, held.attempt};
    const Job* job = ledger_.find_job(held.job);
    if (job != nullptr && may_adopt(*session, *job, held.attempt, held.finished))
      decide(AttemptAdopted{held.job, held.attempt, session->worker, session->boot});
    if (job == nullptr || !holds(*session, *job, held.attempt)) {
      ok.gone.push_back(key);
      continue;
    }
    renew(held.job);
    ok.renewed.push_back(key);
    if (job->cancel_requested && !held.finished) ok.cancel.push_back(key);
  }
  answer(std::move(ok));
}

void Core::on_message(const wire::Output& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  const Job* job = ledger_.find_job(m.job);
  if (job == nullptr || !holds(*session, *job, m.attempt))
    return refuse_attempt(*session, {m.job, m.attempt});
  renew(m.job);
  const uint64_t end = m.offset + blob_bytes_;
  const uint64_t stored = job->past().output_bytes;
  output_credit_.note({m.job, m.attempt}, blob_bytes_, moment_.now);
  // A gap is not filled with guesses: the answer says from where to go on.
  const bool fits = m.offset <= stored && end > stored && blob_bytes_ <= limits::kOutputChunkBytes;
  if (fits) decide(OutputStored{m.job, m.attempt, stored, stored - m.offset, end - stored});
  acknowledge_output(m.boot, {m.job, m.attempt}, *job);
}

void Core::acknowledge_output(BootId boot, AttemptKey key, const Job& job) {
  answer(wire::OutputOk{epoch_, boot, key.job, key.attempt, job.past().output_bytes,
                        output_credit_.each()});
}

void Core::on_message(const wire::AttemptFinished& m) {
  Session* session = session_of(m.boot);
  if (session == nullptr) return;
  const Job* job = ledger_.find_job(m.job);
  // Its build has its verdict and has left the memory: whatever this says, it is settled.
  if (job == nullptr || (job->state == State::Finished && job->attempt == m.attempt))
    return answer(wire::Recorded{epoch_, m.boot, m.job, m.attempt, false});
  if (may_adopt(*session, *job, m.attempt, true)) {
    decide(AttemptAdopted{m.job, m.attempt, session->worker, session->boot});
    renew(m.job);
  }
  if (!holds(*session, *job, m.attempt)) {
    // Kept once, and only from whom it was expected: repeated and forged ones leave no trace.
    auto expected = job->past().unreported.find(m.attempt);
    if (expected != job->past().unreported.end() && expected->second == session->worker)
      decide(AttemptSuperseded{m.job, m.attempt, session->worker, m});
    return answer(wire::Recorded{epoch_, m.boot, m.job, m.attempt, true});
  }
  renew(m.job);
  if (job->past().output_bytes < m.output_bytes)
    return acknowledge_output(m.boot, {m.job, m.attempt}, *job);
  record_outcome(m.job, m);
  output_credit_.forget({m.job, m.attempt});
  answer(wire::Recorded{epoch_, m.boot, m.job, m.attempt, false});
}

void Core::on_message(const wire::Goodbye& m) {
  Session* session = roster_.find(peer_);
  if (session == nullptr || session->boot != m.boot) return;
  const std::string worker = session->worker;
  for (JobId job : ledger_.leased_by(worker)) give_back(job, "worker " + worker + " left");
  roster_.leave(peer_);
}

Session* Core::session_of(BootId boot) {
  Session* session = roster_.find(peer_);
  if (session == nullptr || session->boot != boot) {
    answer(wire::Error{wire::ErrorCode::NoSession,
                       "this connection has no session: say Hello first", true, 0});
    return nullptr;
  }
  roster_.heard_from(*session, moment_);
  return session;
}

bool Core::holds(const Session& session, const Job& job, AttemptNumber attempt) const {
  return job.state == State::Running && job.attempt == attempt &&
         job.past().worker == session.worker && job.past().boot == session.boot;
}

// The attempt was taken for lost, but nobody else was given the job. A new boot may only bring an
// outcome.
bool Core::may_adopt(const Session& session, const Job& job, AttemptNumber attempt,
                     bool finished) const {
  return job.state == State::Queued && job.attempt == attempt &&
         job.past().worker == session.worker && !job.cancel_requested &&
         (finished || job.past().boot == session.boot);
}

void Core::renew(JobId job) {
  leases_.set(job,
              {moment_.now + options_.timing.lease + options_.timing.grace, /*accepted=*/true});
}

void Core::refuse_attempt(const Session& session, AttemptKey key) {
  answer(wire::HeartbeatOk{epoch_, session.boot, {}, {key}, {}});
}

}  // namespace seaworthy::broker
