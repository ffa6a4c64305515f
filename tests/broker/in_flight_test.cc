#include "broker/in_flight.h"

#include "tests/support/catch.h"

namespace seaworthy::broker {

TEST_CASE("output is taken until its room is full, and again when some of it is durable") {
  InFlight in_flight;
  in_flight.gather(InFlight::kMostOutput - 1);
  in_flight.submitted();
  CHECK(in_flight.takes_output());
  in_flight.gather(1);
  CHECK_FALSE(in_flight.takes_output());
  in_flight.submitted();
  in_flight.durable();
  CHECK(in_flight.takes_output());
}

TEST_CASE("when there is no room for output everything else is taken on, up to its own bound") {
  InFlight in_flight;
  in_flight.gather(InFlight::kMostOutput);
  CHECK_FALSE(in_flight.takes_output());
  CHECK(in_flight.takes_anything());
  in_flight.gather(InFlight::kMost - InFlight::kMostOutput);
  CHECK_FALSE(in_flight.takes_anything());
  in_flight.submitted();
  in_flight.durable();
  CHECK(in_flight.takes_anything());
}

TEST_CASE("a batch that has no bytes counts for nothing and is waited for in its turn") {
  InFlight in_flight;
  in_flight.submitted();
  in_flight.gather(InFlight::kMostOutput);
  in_flight.submitted();
  in_flight.durable();
  CHECK_FALSE(in_flight.takes_output());
  in_flight.durable();
  CHECK(in_flight.takes_output());
}

}  // namespace seaworthy::broker
