#include "worker/core/delivery.h"

#include <algorithm>

#include "shared/base/assert.h"
#include "worker/core/rules.h"

namespace seaworthy::worker {

void Delivery::output_grew(uint64_t size_bytes) { spooled_ = std::max(spooled_, size_bytes); }

void Delivery::finish(wire::AttemptFinished report) {
  output_grew(report.output_bytes);
  report_ = std::move(report);
  report_at_.reset();
  report_every_ = rules::kReportFirst;
}

void Delivery::resume(std::optional<uint64_t> offset) {
  if (offset) acknowledged_ = std::min(*offset, spooled_);
  sent_ = acknowledged_;
  credit_bytes_.reset();
  go_back_at_.reset();
  report_at_.reset();
  report_every_ = rules::kReportFirst;
  report_unanswered_ = false;
}

bool Delivery::acknowledge(Instant now, uint64_t offset, uint64_t credit_bytes) {
  if (offset > spooled_) return false;
  if (credit_bytes > 0) credit_bytes_ = credit_bytes;
  if (offset > acknowledged_) {
    acknowledged_ = offset;
    sent_ = std::max(sent_, offset);
    go_back_at_ = now + rules::kOutputGoesBack;
  } else if (offset == acknowledged_ && report_unanswered_ && sent_ > acknowledged_) {
    // No progress is the broker's answer to a report that it got before some output: that was lost.
    sent_ = acknowledged_;
    report_at_.reset();
    report_unanswered_ = false;
  }
  if (acknowledged_ == sent_) go_back_at_.reset();
  return true;
}

void Delivery::pump(Instant now, uint64_t first_credit_bytes, Effects& effects) {
  if (go_back_at_ && now >= *go_back_at_) {
    sent_ = acknowledged_;
    go_back_at_.reset();
  }
  send_output(now, credit_bytes_.value_or(first_credit_bytes), effects);
  if (report_ && sent_ == spooled_) send_report(now, effects);
  SW_ASSERT(acknowledged_ <= sent_ && sent_ <= spooled_);
}

void Delivery::send_output(Instant now, uint64_t credit_bytes, Effects& effects) {
  while (sent_ < spooled_ && sent_ - acknowledged_ < credit_bytes) {
    const uint64_t size = std::min({uint64_t{limits::kOutputChunkBytes}, spooled_ - sent_,
                                    credit_bytes - (sent_ - acknowledged_)});
    effects.push_back(SendOutput{key_, sent_, size});
    sent_ += size;
    if (!go_back_at_) go_back_at_ = now + rules::kOutputGoesBack;
  }
}

void Delivery::send_report(Instant now, Effects& effects) {
  if (report_at_ && now < *report_at_) return;
  effects.push_back(Send{*report_});
  report_unanswered_ = true;
  report_at_ = now + report_every_;
  report_every_ = std::min(report_every_ * 2, rules::kReportLongest);
}

std::optional<Instant> Delivery::next_deadline() const {
  std::optional<Instant> next = go_back_at_;
  if (report_ && sent_ == spooled_ && report_at_ && (!next || *report_at_ < *next))
    next = report_at_;
  return next;
}

}  // namespace seaworthy::worker
