// What the broker has counted, for graphs and alarms.
#include "broker/loop.h"
#include "shared/io/clock.h"

namespace seaworthy::broker {

wire::Metrics Loop::metrics() const {
  wire::Metrics metrics;
  metrics.started = started_;
  metrics.version = SEAWORTHY_VERSION;
  metrics.connections = connections_.size();
  metrics.open_questions = open_.size();
  metrics.uncommitted_batches = submitted_batches_ - durable_batches_;
  metrics.uncommitted_bytes = in_flight_.bytes();
  metrics.last_event = durable_sequence_.value;
  metrics.uncommitted_events = core_.ledger().last_sequence().value - durable_sequence_.value;
  core_.measure(io::now(), metrics);
  counters_.tell(metrics);
  return metrics;
}

}  // namespace seaworthy::broker
