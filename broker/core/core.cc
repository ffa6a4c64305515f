#include "broker/core/core.h"

#include <algorithm>
#include <utility>

#include "shared/model/limits.h"

namespace seaworthy::broker {
namespace {

// A session that said nothing for this long is struck off; its leases ran out before.
Duration longest_silence(const Timing& timing) {
  return timing.lease + timing.grace + timing.heartbeat;
}

}  // namespace

Core::Core(const CoreOptions& options, Recovered recovered, Instant start)
    : options_(options),
      epoch_(recovered.epoch),
      last_push_(recovered.last_rank >> 24),
      output_credit_(options.output_credit) {
  ledger_.recover(std::move(recovered));
  for (const auto& [id, job] : ledger_.jobs())
    if (job.state == State::Running)
      leases_.set(id, {start + options_.timing.reattach, /*accepted=*/true});
  moment_.now = start;
  follow_ledger();
}

Effects Core::step(Moment moment, const Event& event) {
  moment_ = moment;
  std::visit([this](const auto& e) { on(e); }, event);
  release_held_back();
  expire_leases();
  expire_sessions();
  follow_ledger();
  give_up_unmatched();
  dispatch();
  follow_ledger();
  return std::exchange(effects_, {});
}

std::optional<Instant> Core::next_deadline() const {
  std::optional<Instant> next = leases_.next_deadline();
  auto consider = [&next](std::optional<Instant> other) {
    if (other && (!next || *other < *next)) next = other;
  };
  consider(roster_.next_deadline(longest_silence(options_.timing)));
  consider(held_back_.next_deadline());
  consider(unmatched_.next_deadline(options_.unmatched_timeout));
  return next;
}

void Core::on(const MessageReceived& event) {
  peer_ = event.peer;
  tag_ = event.tag;
  blob_bytes_ = event.blob_bytes;
  std::visit([this](const auto& message) { on_message(message); }, *event.message);
}

void Core::on(const PeerUnreachable& event) {
  Session* session = roster_.find(event.peer);
  if (session == nullptr) return;
  for (JobId job : ledger_.leased_by(session->worker))
    if (const Leases::Lease* lease = leases_.find(job); lease != nullptr && !lease->accepted)
      give_back(job, "worker " + session->worker + " could not be reached");
  roster_.leave(event.peer);
}

void Core::on(const Tick&) {}

void Core::on(const SpaceChanged& event) { has_space_ = event.enough; }

// What has no verdict, or was never there, cannot have expired. And a copy of the Submit that was
// just answered with a build may still be on its way: it must find the same one. (None outlives the
// connection, and so none a restart.)
void Core::on(const BuildsExpired& event) {
  std::erase_if(asked_for_, [this](const auto& asked) {
    return asked.second + limits::kCopiesArriveWithin <= moment_.now;
  });
  for (const BuildRemoved& expired : event.builds)
    if (ledger_.find_build(expired.build) == nullptr && expired.build <= ledger_.last_build() &&
        !asked_for_.contains(expired.build))
      decide(expired);
}

void Core::expire_leases() {
  while (std::optional<JobId> id = leases_.expired(moment_.now)) {
    const Job& job = *ledger_.find_job(*id);
    if (leases_.find(*id)->accepted)
      lose(*id, "worker " + job.past().worker + " did not renew its lease in time");
    else
      give_back(*id, "worker " + job.past().worker + " did not accept it in time");
  }
}

void Core::expire_sessions() {
  while (auto peer = roster_.silent_since(moment_.now - longest_silence(options_.timing)))
    roster_.leave(*peer);
}

void Core::decide(ChangeBody body) {
  Change change{{}, moment_.wall, std::move(body)};
  if (event_kind(change.body)) change.sequence = {ledger_.last_sequence().value + 1};
  ledger_.apply(change);
  effects_.changes.push_back(std::move(change));
}

void Core::answer(wire::Message message) {
  effects_.messages.push_back({peer_, tag_, std::move(message)});
}

void Core::tell(PeerNumber peer, wire::Message message) {
  effects_.messages.push_back({peer, 0, std::move(message)});
}

}  // namespace seaworthy::broker
