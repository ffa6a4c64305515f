// Random is the simulator's only source of chance: SplitMix64 (Steele, Lea, Flood 2014), so that a
// seed means the same on every machine and compiler.
#pragma once

#include <cstdint>

namespace seaworthy::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 … bound − 1
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool chance(uint32_t permille) { return below(1000) < permille; }

 private:
  uint64_t state_;
};

}  // namespace seaworthy::sim
