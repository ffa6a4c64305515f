// What a worker and the leader of a job (leader/leader.h) say to each other: the leader is started
// as `seaworthy-leader STATE/spool/` before there is a job for it.
//
//   descriptor 0   from the worker: what to do (pack_leader_options), then 'c' cancel, 'k' kill and
//                  forget; its end: the worker is gone
//   descriptor 3   to the worker, lines: "grew BYTES", "note TEXT", "begun" (the first step runs),
//                  "ended" (the outcome is in the spool), "broken TEXT" (no outcome could be
//                  written)
//
// Both are of one build, see leader_program.h: nothing here has a version.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/time.h"

namespace seaworthy::worker {

inline constexpr std::string_view kLeaderName = "seaworthy-leader";
// The leader's ends of the pipes.
inline constexpr int kControlFd = 0;
inline constexpr int kReportFd = 3;
inline constexpr char kControlCancel = 'c';
inline constexpr char kControlKill = 'k';

struct LeaderOptions {
  std::filesystem::path spool_entry;  // holds the assignment
  std::filesystem::path workspace;    // made and removed by the leader
  std::filesystem::path mirrors;
  std::string worker;
  Duration kill_grace{0};  // between TERM and KILL
  uint64_t output_cap_bytes = 0;
  std::filesystem::path
      group;  // control group of the job, made and removed by the leader; or empty
};

// As bytes for the pipe: their number first.
std::string pack_leader_options(const LeaderOptions& options);
// Of the bytes after their number.
std::optional<LeaderOptions> unpack_leader_options(std::string_view packed);

}  // namespace seaworthy::worker
