// Supervisor is whoever started this program and wants to hear how it is: systemd, with Type=notify
// and WatchdogSec= (the protocol is that of sd_notify(3): datagrams to $NOTIFY_SOCKET). Without one
// all of this does nothing. What cannot be sent is dropped: the next word comes soon. The loop's
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/base/time.h"
#include "shared/io/fd.h"

namespace seaworthy::io {

class Supervisor {
 public:
  // Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child
  // speaks for this process: before there are threads.
  static Supervisor of_this_process();

  // It does what it is for. Only the first call counts.
  void ready();
  // It was told to end, and does. Only the first call counts.
  void stopping();
  // Once per turn of the loop: says so when half of the watchdog's time has passed.
  void alive(Instant now);
  // When alive() must be called at the latest, if anybody watches.
  std::optional<Instant> next_deadline() const;

 private:
  void say(std::string_view words);

  Fd socket_;
  std::string address_;  // of the supervisor's socket; a first byte 0: an abstract one
  Duration every_{0};    // 0: nobody watches
  Instant next_;         // word of being alive
  bool said_ready_ = false;
  bool said_stopping_ = false;
};

}  // namespace seaworthy::io
