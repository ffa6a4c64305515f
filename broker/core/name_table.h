// NameTable gives a number to each name that is in use, so that a million who share a few names
// keep numbers. A name that nobody uses any longer is forgotten, and its number given to another.
// Names is the same for names that are never forgotten. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace seaworthy::broker {

// So that a name is looked up without a copy of it.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
using NumberByName = std::unordered_map<std::string, uint32_t, NameHash, std::equal_to<>>;

class NameTable {
 public:
  NameTable() = default;
  NameTable(NameTable&&) = default;
  NameTable& operator=(NameTable&&) = default;

  // For one user more.
  uint32_t enter(std::string_view name) {
    auto found = numbers_.find(name);
    if (found == numbers_.end()) {
      found = numbers_.emplace(name, 0).first;
      found->second = unused_number();
      names_[found->second] = {&found->first, 0};
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

  uint32_t unused_number() {
    if (free_.empty()) {
      names_.emplace_back();
      return static_cast<uint32_t>(names_.size() - 1);
    }
    const uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }

  NumberByName numbers_;  // never iterated
  std::vector<Name> names_;
  std::vector<uint32_t> free_;
};

class Names {
 public:
  Names() = default;
  Names(Names&&) = default;
  Names& operator=(Names&&) = default;

  // From now on, if there was none.
  uint32_t number(std::string_view name) {
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return found->second;
    const auto made = numbers_.emplace(name, static_cast<uint32_t>(numbers_.size())).first;
    names_.push_back(&made->first);
    return made->second;
  }
  std::optional<uint32_t> find(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string& name(uint32_t number) const { return *names_[number]; }

 private:
  NumberByName numbers_;  // never iterated
  std::vector<const std::string*> names_;
};

}  // namespace seaworthy::broker
