#include "broker/in_flight.h"

#include <utility>

#include "shared/base/assert.h"

namespace seaworthy::broker {

void InFlight::gather(size_t bytes) {
  gathered_ += bytes;
  total_ += bytes;
}

void InFlight::submitted() { batches_.push_back(std::exchange(gathered_, 0)); }

void InFlight::durable() {
  SW_ASSERT(!batches_.empty());
  total_ -= batches_.front();
  batches_.pop_front();
}

}  // namespace seaworthy::broker
