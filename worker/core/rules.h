// The worker's own intervals and bounds. What must agree with the broker comes in Welcome
// (model/timing.h) or stands in model/limits.h. Origin: docs/protocol.md, unless a line says
// otherwise.
#pragma once

#include "shared/base/time.h"
#include "shared/model/limits.h"

namespace seaworthy::worker::rules {

using namespace std::chrono_literals;

inline constexpr Duration kHelloEvery = 2s;      // ± 25 %
inline constexpr int kLivenessHeartbeats = 3;    // of silence, then a new socket
inline constexpr Duration kReconnectFirst = 8s;  // ± 25 %, doubled
inline constexpr Duration kReconnectLongest = 32s;
inline constexpr Duration kReconnectIsLong = 16s;  // chosen: then people are told, once
inline constexpr Duration kOutputGoesBack = 3s;    // without an OutputOk
inline constexpr Duration kReportFirst = 1500ms;   // doubled
inline constexpr Duration kReportLongest = 30s;
// Chosen: a broker cannot silence a worker for longer.
inline constexpr Duration kLongestRetryAfter = 60s;
// Chosen: a broker's timing is obeyed between these.
inline constexpr Duration kShortestInterval = 10ms;
inline constexpr Duration kLongestInterval = 1h;
// Chosen: how long a worker that has nothing left to run waits for the broker to record its
// outcomes before it leaves; they stay in the spool and are reported at the next start.
inline constexpr Duration kLastWord = 5s;
// Chosen: how long a killed attempt may hold up the exit.
inline constexpr Duration kLeaveAtLatest = 10s;
// Chosen: outcomes that wait for a broker; a worker with this many takes no more jobs.
inline constexpr size_t kUnrecordedAttempts = 256;
// Chosen: this many Broken in a row and the host is taken for sick; then one job is tried after a
// pause, which doubles while that fails.
inline constexpr uint32_t kBrokenInARow = 3;
inline constexpr Duration kBrokenPauseFirst = 1min;
inline constexpr Duration kBrokenPauseLongest = 30min;
// Chosen: wall and monotonic clock differ by more than this between two steps: somebody set it.
inline constexpr Duration kClockJump = 5s;
inline constexpr Duration kClockSteady = 1min;  // then it is believed again
// Chosen: attempts remembered after their end, so that a late copy of their Assign is recognised.
inline constexpr size_t kRememberedAttempts = 64;

static_assert(kReconnectFirst < kReconnectLongest);
static_assert(kReportFirst < kReportLongest);
static_assert(kRememberedAttempts > 1);
static_assert(kBrokenPauseFirst < kBrokenPauseLongest);

}  // namespace seaworthy::worker::rules
