#include "broker/core/output_credit.h"

#include <utility>

namespace seaworthy::broker {

void OutputCredit::note(AttemptKey attempt, uint64_t bytes, Instant now) {
  if (now - since_ >= kRemembered) {
    talked_before_ = std::exchange(talkers_, {});
    if (now - since_ >= 2 * kRemembered) talked_before_.clear();
    since_ = now;
  }
  if (bytes < kLittleBytes) return;
  talkers_.insert(attempt);
  talked_before_.erase(attempt);
}

void OutputCredit::forget(AttemptKey attempt) {
  talkers_.erase(attempt);
  talked_before_.erase(attempt);
}

uint64_t OutputCredit::each() const {
  const uint64_t count = std::max<uint64_t>(1, talkers_.size() + talked_before_.size());
  return std::min(most_, std::max(kLeastBytes, kUnderWayBytes / count));
}

}  // namespace seaworthy::broker
