// Style puts colours around words, or leaves them plain. Colour repeats what a word says already,
// so that nothing is lost without it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/model/verdict.h"

namespace seaworthy::cli::render {

enum class Colour : uint8_t { Plain, Bold, Dim, Red, Green, Yellow, Cyan };

Colour colour_of(Verdict verdict);

class Style {
 public:
  explicit Style(bool colours) : colours_(colours) {}
  std::string paint(Colour colour, std::string_view text) const;
  std::string paint(Verdict verdict) const;
  bool colours() const { return colours_; }

 private:
  bool colours_;
};

}  // namespace seaworthy::cli::render
