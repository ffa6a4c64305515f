// InFlight counts the bytes that wait for the disk, and says what may still be taken. Output has
// the smaller room: when it is full, output is not taken (its worker sends it again) and everything
// else is, so that no flood of output keeps anybody waiting for more than this takes to be written.
// Workers that keep to their credit (core/output_credit.h) hardly ever fill it. Pure; the poll
// thread's. Counts are bytes.
#pragma once

#include <cstddef>
#include <deque>

namespace seaworthy::broker {

class InFlight {
 public:
  static constexpr size_t kMostOutput = 48 * 1024 * 1024;
  static constexpr size_t kMost = 64 * 1024 * 1024;

  // They belong to the batch that is being gathered.
  void gather(size_t bytes);
  // That batch was handed to the storage thread.
  void submitted();
  // The oldest of those is durable.
  void durable();

  size_t bytes() const { return total_; }
  bool takes_output() const { return total_ < kMostOutput; }
  // Else nothing is received until some of it is durable.
  bool takes_anything() const { return total_ < kMost; }

 private:
  size_t gathered_ = 0;
  std::deque<size_t> batches_;
  size_t total_ = 0;
};

}  // namespace seaworthy::broker
