// What the store throws: it goes to main. After a StoreError nobody knows whether the transaction
// became durable, so the store must be read again by a new journal, in a new process unless it is
// an OutOfSpace.
#pragma once

#include <stdexcept>

namespace seaworthy::broker {

class StoreError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The disk is full. What was refused was refused before anything was promised to be durable.
class OutOfSpace : public StoreError {
  using StoreError::StoreError;
};

}  // namespace seaworthy::broker
