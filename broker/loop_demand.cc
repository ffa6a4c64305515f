// How many jobs wait for workers of some labels: asked by pools, answered when it changes.
#include <algorithm>

#include "broker/loop.h"
#include "shared/io/clock.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

void Loop::await_demand(io::Peer peer, const std::string& user, uint64_t tag,
                        wire::AwaitDemand await) {
  auto too_long = [](const std::string& label) { return label.size() > limits::kNameBytes; };
  if (await.labels.size() > limits::kLabels || std::ranges::any_of(await.labels, too_long))
    return send(peer, {wire::Error{wire::ErrorCode::BadMessage,
                                   "AwaitDemand refused: a worker has at most " +
                                       std::to_string(limits::kLabels) + " labels of " +
                                       std::to_string(limits::kNameBytes) + " bytes",
                                   false, 0},
                       tag,
                       {}});
  std::ranges::sort(await.labels);
  await.labels.erase(std::unique(await.labels.begin(), await.labels.end()), await.labels.end());
  const wire::Demand now{core_.demand(await.labels)};
  if (now.waiting != await.known) return send(peer, {now, tag, {}});
  if (!admit(peer, user, tag)) return;
  const Question question{peer.value, tag, await, durable_batches_};
  const Instant deadline = io::now() + bounded_wait(await.wait_ms);
  if (!long_polls_.park_for_demand({question, now}, deadline)) answer(question, {now, tag, {}});
}

// Each step may change the number. It is looked at once for all steps of a turn, and a queue that
// changes all the time is looked at now and then, the rarer the longer a look takes.
void Loop::look_at_demand(Instant now) {
  if (!demand_may_differ_ || now < look_at_demand_ || !long_polls_.any_waits_for_demand()) return;
  demand_may_differ_ = false;
  const auto changed =
      long_polls_.wake_for_demand([this](const auto& labels) { return core_.demand(labels); });
  for (const auto& [question, waiting] : changed)
    answer(question, {wire::Demand{waiting}, question.tag, {}});
  constexpr int kRest = 20;  // of the time that it took: a twentieth of the thread's at most
  look_at_demand_ = std::max(now + limits::kDemandLook, io::now() + (io::now() - now) * kRest);
}

}  // namespace seaworthy::broker
