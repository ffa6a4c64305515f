// ReadyQueue orders the jobs that may be handed out now: the newest push first, in it the newest
// commit, in it the jobs in the order of the pipeline. A person who pushed waits for the verdict of
// what was pushed last.
#pragma once

#include <cstdint>
#include <set>

#include "shared/base/ids.h"

namespace seaworthy::broker {

class ReadyQueue {
 public:
  struct Entry {
    uint64_t rank = 0;
    JobId job;
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.job < b.job;
    }
  };

  void add(uint64_t rank, JobId job) { entries_.insert({rank, job}); }
  void remove(uint64_t rank, JobId job) { entries_.erase({rank, job}); }
  bool contains(uint64_t rank, JobId job) const { return entries_.contains({rank, job}); }
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  JobId front() const { return entries_.begin()->job; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::set<Entry> entries_;
};

}  // namespace seaworthy::broker
