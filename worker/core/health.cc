#include "worker/core/health.h"

#include <algorithm>
#include <utility>

#include "worker/core/rules.h"

namespace seaworthy::worker {
namespace {

std::string megabytes(uint64_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

std::string in_words(Duration duration) {
  const int64_t seconds = duration.count() / 1000;
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds) + " s";
}

}  // namespace

void Health::saw_clocks(Moment moment) {
  if (!moment.wall) return;
  const std::optional<Moment> before = std::exchange(last_, moment);
  if (!before) return;
  const Duration by = Duration{moment.wall.value - before->wall.value} - (moment.now - before->now);
  if (by <= rules::kClockJump && by >= -rules::kClockJump) return;
  clock_complaint_ = "the wall clock of its host jumped " + in_words(by < Duration{0} ? -by : by) +
                     (by < Duration{0} ? " back" : " ahead") +
                     ": see to the host's time synchronisation; it goes on when the clock has "
                     "been steady for " +
                     in_words(rules::kClockSteady);
  clock_trusted_at_ = moment.now + rules::kClockSteady;
}

void Health::saw_disk(uint64_t free_bytes) {
  if (free_bytes >= least_free_disk_bytes_)
    disk_complaint_.clear();
  else if (disk_complaint_.empty())
    disk_complaint_ = "only " + megabytes(free_bytes) +
                      " of disk are free, --min-free-disk asks for " +
                      megabytes(least_free_disk_bytes_) + ": make room; then it goes on";
}

void Health::saw_outcome(Instant now, JobId job, Outcome outcome, const std::string& detail) {
  switch (outcome) {
    case Outcome::Broken: return saw_broken(now, job, detail);
    case Outcome::Passed:
    case Outcome::Failed:
      broken_in_a_row_ = 0;
      pause_ = Duration{0};
      return;
    case Outcome::TimedOut:
    case Outcome::Cancelled:
    case Outcome::Lost: return;  // could have been at any point: proves nothing
  }
}

// A job that comes back to the only worker there is says nothing new about its host.
void Health::saw_broken(Instant now, JobId job, const std::string& detail) {
  if (job == std::exchange(last_broken_, job) && !is_on_trial()) return;
  if (++broken_in_a_row_ < rules::kBrokenInARow) return;
  pause_ = pause_ == Duration{0} ? rules::kBrokenPauseFirst
                                 : std::min(pause_ * 2, rules::kBrokenPauseLongest);
  try_again_at_ = now + pause_;
  broken_complaint_ = std::to_string(broken_in_a_row_) +
                      " jobs in a row could not be run here, the last one because: " + detail +
                      ": see to that; it tries one again after " + in_words(pause_);
}

std::optional<std::string> Health::complaint(Instant now) const {
  if (!disk_complaint_.empty()) return disk_complaint_;
  if (now < clock_trusted_at_) return clock_complaint_;
  if (pause_ > Duration{0} && now < try_again_at_) return broken_complaint_;
  return std::nullopt;
}

bool Health::is_on_trial() const { return broken_in_a_row_ >= rules::kBrokenInARow; }

std::optional<Instant> Health::next_deadline(Instant now) const {
  if (!disk_complaint_.empty()) return std::nullopt;  // until it is measured again
  if (now < clock_trusted_at_) return clock_trusted_at_;
  if (pause_ > Duration{0} && now < try_again_at_) return try_again_at_;
  return std::nullopt;
}

}  // namespace seaworthy::worker
