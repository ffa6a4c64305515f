// Batch gathers revisions of one ref until they fill a Submit message, newest first. A pipeline
// that many revisions share is sent once.
#pragma once

#include <string>
#include <vector>

#include "shared/wire/message.h"

namespace seaworthy::watcher {

class Batch {
 public:
  Batch(std::string repository, std::string ref, std::string tip);

  // False if it is full: take() what is there, and add again. `candidate.pipeline` is set here.
  bool add(wire::Candidate candidate, const Pipeline& pipeline);
  bool is_empty() const { return submit_.revisions.empty(); }

  // The message, and an empty batch for the same ref.
  wire::Submit take(RequestId request);

 private:
  wire::Submit submit_;
  size_t bytes_ = 0;  // upper bound of the message's body
};

}  // namespace seaworthy::watcher
