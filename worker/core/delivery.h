// Delivery brings one attempt's output and report to the broker and repeats until both are
// acknowledged: a small machine that sees sizes and offsets, never bytes. Offsets are bytes of the
// spooled output; acknowledged ≤ sent ≤ spooled always holds. The report leaves only after all
// output was sent, on the same connection, so that a broker has everything when it reads it.
#pragma once

#include <optional>

#include "shared/base/time.h"
#include "worker/core/effects.h"

namespace seaworthy::worker {

class Delivery {
 public:
  explicit Delivery(AttemptKey key) : key_(key) {}

  void output_grew(uint64_t size_bytes);
  void finish(wire::AttemptFinished report);
  // A new conversation: the broker has this much, and everything after it is sent again.
  void resume(std::optional<uint64_t> offset);
  // An OutputOk; `credit_bytes` may be unacknowledged from now on, 0: as before. False if it is
  // more than was ever sent, which no honest broker says.
  bool acknowledge(Instant now, uint64_t offset, uint64_t credit_bytes);

  // Sends what is due and allowed. `first_credit_bytes` may be unacknowledged as long as the broker
  // has not said another number in this conversation.
  void pump(Instant now, uint64_t first_credit_bytes, Effects& effects);

  std::optional<Instant> next_deadline() const;
  bool is_finished() const { return report_.has_value(); }
  const std::optional<wire::AttemptFinished>& report() const { return report_; }

 private:
  void send_output(Instant now, uint64_t credit_bytes, Effects& effects);
  void send_report(Instant now, Effects& effects);

  AttemptKey key_;
  uint64_t spooled_ = 0;
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  std::optional<uint64_t> credit_bytes_;
  std::optional<Instant> go_back_at_;  // set while output is unacknowledged
  std::optional<wire::AttemptFinished> report_;
  std::optional<Instant> report_at_;  // none: at once, when all output is sent
  Duration report_every_{0};
  bool report_unanswered_ = false;
};

}  // namespace seaworthy::worker
