// NameTable gives a number to each name that is in use, so that a million who share a few names
// keep numbers. A name that nobody uses any longer is forgotten, and its number given to another.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace seaworthy::broker {

class NameTable {
 public:
  // For one user more.
  uint32_t enter(const std::string& name) {
    const auto [found, is_new] = numbers_.try_emplace(name, 0);
    if (is_new && free_.empty()) {
      found->second = static_cast<uint32_t>(names_.size());
      names_.push_back({&found->first, 0});
    } else if (is_new) {
      found->second = free_.back();
      free_.pop_back();
      names_[found->second].text = &found->first;
    }
    ++names_[found->second].users;
    return found->second;
  }
  // For one user less.
  void leave(uint32_t number) {
    if (--names_[number].users > 0) return;
    numbers_.erase(numbers_.find(*names_[number].text));
    free_.push_back(number);
  }
  // Valid while the name is in use.
  const std::string& name(uint32_t number) const { return *names_[number].text; }

 private:
  struct Name {
    const std::string* text;
    uint64_t users;
  };
  std::unordered_map<std::string, uint32_t> numbers_;  // never iterated
  std::vector<Name> names_;
  std::vector<uint32_t> free_;
};

}  // namespace seaworthy::broker
