// Ids are typed numbers: a BuildId cannot be passed where a JobId is meant, and none does
// arithmetic. Not for counts or sizes. 0 is never given out and means "none" where a field is
// optional on the wire. Token128 is 128 random bits made by a program's shell (io/random.h); the
// cores only compare them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "shared/base/text.h"

namespace seaworthy {

template <class Tag, class Rep>
struct Id {
  using Representation = Rep;
  Rep value{};
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return value != 0; }
};

using BuildId = Id<struct BuildTag, uint64_t>;
using JobId = Id<struct JobTag, uint64_t>;
// Numbered from 1 within a job; grows with every lease and is therefore the fencing token.
using AttemptNumber = Id<struct AttemptTag, uint32_t>;
// Numbered from 1 over the whole store, without gaps: the position of a reader of events.
using EventSequence = Id<struct EventTag, uint64_t>;
// Grows by one with every start of a broker on the same store.
using Epoch = Id<struct EpochTag, uint64_t>;
// One continuous life of a worker at this broker process; not durable.
using SessionId = Id<struct SessionTag, uint64_t>;

struct AttemptKey {
  JobId job;
  AttemptNumber attempt;
  auto operator<=>(const AttemptKey&) const = default;
};

template <class Tag>
struct Token128 {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Token128&) const = default;
  explicit operator bool() const { return bytes != std::array<uint8_t, 16>{}; }
};

// One life of a worker process.
using BootId = Token128<struct BootTag>;
// Made by a client before its first try, the same in every repetition.
using RequestId = Token128<struct RequestTag>;

template <class Tag>
std::string to_hex(const Token128<Tag>& token) {
  return hex_of(token.bytes);
}

}  // namespace seaworthy

template <class Tag, class Rep>
struct std::hash<seaworthy::Id<Tag, Rep>> {
  size_t operator()(const seaworthy::Id<Tag, Rep>& id) const { return std::hash<Rep>{}(id.value); }
};

template <class Tag>
struct std::hash<seaworthy::Token128<Tag>> {
  // The bits are random already: the first eight bytes are the hash.
  size_t operator()(const seaworthy::Token128<Tag>& token) const {
    size_t bits = 0;
    for (size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | token.bytes[i];
    return bits;
  }
};
