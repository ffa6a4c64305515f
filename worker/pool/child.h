// Link ties a worker to the pool that started it, as `seaworthy-worker pooled LEADER …` with
// the pool's program for leaders: it says what the worker is doing, and hears what the pool wants.
// A worker of its own has an empty one.
//
//   descriptor 0   from the pool: 'd' drain, 'l' leave at once; its end: the pool is gone
//   descriptor 3   to the pool, lines: "offline", "idle", "busy", "broken TEXT" (why it could not
//                  start)
//
// It is the pipe's end that tells of the pool's death, not PR_SET_PDEATHSIG: a signal would count
// as the second one of a worker that drains already, and may come before it is asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/io/fd.h"
#include "worker/pool/core.h"

namespace seaworthy::worker::pool {

inline constexpr std::string_view kPooledMode = "pooled";
// The worker's ends of the pipes.
inline constexpr int kControlFd = 0;
inline constexpr int kReportFd = 3;
inline constexpr char kControlDrain = 'd';
inline constexpr char kControlLeave = 'l';

std::string_view to_word(State state);
std::optional<State> parse_state(std::string_view word);
inline constexpr std::string_view kBroken = "broken ";

enum class Wish : uint8_t { Drain, Leave, PoolIsGone };

class Link {
 public:
  Link() = default;
  // Of a process that a pool started: takes over its two descriptors.
  static Link to_pool();

  // Readable when there is a wish; -1: there will be none.
  int control_fd() const { return control_.get(); }
  // The next wish, if there is one; never waits.
  std::optional<Wish> next_wish();

  void tell(State state);
  // True if somebody heard it.
  bool tell_broken(const std::string& why);

 private:
  bool write_line(std::string line);

  io::Fd control_;
  io::Fd report_;
  std::optional<State> told_;
};

}  // namespace seaworthy::worker::pool
