// Timing is what broker and workers must agree on; the broker's values are sent in Welcome and hold
// for the session. Tests run with small ones.
#pragma once

#include "shared/base/time.h"

namespace seaworthy {

struct Timing {
  Duration heartbeat{5'000};  // a worker with a lease speaks at least this often
  Duration lease{30'000};     // from the last renewal
  Duration grace{10'000};     // the broker waits this much longer than the worker believes
  Duration reattach{60'000};  // after a broker's start, for each live lease
  Duration accept{10'000};    // an Assign that was not accepted by then is taken back
  Duration ready{4'000};      // an idle worker says so this often
  bool operator==(const Timing&) const = default;
};

}  // namespace seaworthy
