// Commit is a revision of a ref of a repository, in little room: names are numbers of the ledger,
// the revision is bytes. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/core/queue.h"
#include "shared/base/text.h"

namespace seaworthy::broker {

class Revision {
 public:
  // Of 40 or 64 hexadecimal digits; nothing of anything else. Of 64 the last 24 are not all "f":
  // no hash ever ends so, and it is how the short ones are told.
  static std::optional<Revision> parse(std::string_view text) {
    if (text.size() != 40 && text.size() != 64) return std::nullopt;
    Revision revision;
    revision.bytes_.fill(0xff);
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool is_digit = c >= '0' && c <= '9', is_letter = c >= 'a' && c <= 'f';
      if (!is_digit && !is_letter) return std::nullopt;
      uint8_t& byte = revision.bytes_[i / 2];
      byte = static_cast<uint8_t>(byte << 4 | (is_digit ? c - '0' : c - 'a' + 10));
    }
    if (revision.size() * 2 != text.size()) return std::nullopt;
    return revision;
  }
  std::string text() const { return hex_of(std::span(bytes_.data(), size())); }
  // Of all bytes: peers may choose revisions that begin alike.
  size_t hash() const {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
  }
  bool operator==(const Revision&) const = default;

 private:
  static constexpr size_t kShort = 20;
  size_t size() const {
    const bool is_short = std::all_of(bytes_.begin() + kShort, bytes_.end(),
                                      [](uint8_t byte) { return byte == 0xff; });
    return is_short ? kShort : bytes_.size();
  }

  std::array<uint8_t, 32> bytes_{};
};

struct Commit {
  RepositoryNumber repository = 0;
  uint32_t ref = 0;
  Revision revision;
  bool operator==(const Commit&) const = default;
};

struct CommitHash {
  size_t operator()(const Commit& commit) const noexcept {
    return commit.revision.hash() ^ (size_t{commit.repository} << 32 | commit.ref);
  }
};

}  // namespace seaworthy::broker
