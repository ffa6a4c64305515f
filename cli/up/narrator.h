// Narrator turns the broker's events into the lines of `seaworthy up`: seen, assigned, lost,
// verdicts; of a job that failed also its last output and how to read the rest.
#pragma once

#include <zmq.hpp>

#include <optional>
#include <string>

#include "cli/screen.h"
#include "shared/io/client.h"
#include "shared/io/keys.h"
#include "shared/wire/message.h"

namespace seaworthy::cli {

// Whether the event is worth a line of its own: an attempt that ended normally is told by its job,
// and a job that passed by its build.
bool is_told(const wire::EventRow& event);

class Narrator {
 public:
  // `interrupt_fd` ends its short questions to the broker.
  Narrator(zmq::context_t& context, std::string broker, std::optional<io::Key> key,
           int interrupt_fd, Screen& screen);
  void tell(const wire::EventRow& event);

 private:
  void tell_failure(const wire::EventRow& event);
  std::string last_output(io::Client& client, JobId job);

  zmq::context_t& context_;
  std::string broker_;
  std::optional<io::Key> key_;
  int interrupt_fd_;
  Screen& screen_;
};

}  // namespace seaworthy::cli
