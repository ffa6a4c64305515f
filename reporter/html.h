// Html is a piece of a page that cannot be got wrong by escaping: raw() takes literals of this
// program's source and nothing else, text() takes what came from elsewhere and escapes it. There is
// no other way in. Text is made visible as well as harmless: control characters, marks that reorder
// text or have no width, and bytes that are no UTF-8 are shown as what they are. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace seaworthy::reporter {

// Only a string literal becomes one: its constructor runs in the compiler.
class Literal {
 public:
  template <size_t N>
  consteval Literal(const char (&text)[N]) : text_(text, N - 1) {}
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

class Html {
 public:
  Html& raw(Literal markup);
  // Between tags, or inside the quotes of an attribute.
  Html& text(std::string_view foreign);
  Html& number(uint64_t value);
  Html& append(const Html& other);

  bool empty() const { return markup_.empty(); }
  size_t size() const { return markup_.size(); }
  const std::string& markup() const { return markup_; }

 private:
  std::string markup_;
};

}  // namespace seaworthy::reporter
