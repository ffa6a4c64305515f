// Input reads choices out of a fuzzer's bytes. It never ends in an error: past the end every choice
// is the first one, so each input is a valid test and a small change of it is a small change of
// what happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace seaworthy::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  // 0 … bound − 1, for bounds up to 256.
  uint8_t below(size_t bound) { return static_cast<uint8_t>(byte() % bound); }
  // Most often small, sometimes at the edges, sometimes anything.
  uint64_t number() {
    const uint8_t kind = byte();
    if (kind < 160) return kind % 16;
    if (kind < 190) return uint64_t{byte()} << 8 | byte();
    if (kind < 220) return (uint64_t{1} << kind % 64) - byte() % 2;
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  std::string bytes(size_t count) {
    std::string taken(rest_.substr(0, count));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace seaworthy::fuzz
