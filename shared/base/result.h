// Result<T, E> is a value or the reason why there is none. Spelled like std::expected, which the
// project's compilers have only in C++23 mode; delete this file when they are at 23.
// For what a peer or a user got wrong, or the machine refused once; never for bugs (base/assert.h).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "shared/base/assert.h"

namespace seaworthy {

template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;
Unexpected(const char*)->Unexpected<std::string>;

template <class T, class E = std::string>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <class G>
  Result(Unexpected<G> wrapped) : state_(std::in_place_index<1>, std::move(wrapped.error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    SW_ASSERT(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    SW_ASSERT(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    SW_ASSERT(has_value());
    return std::get<0>(std::move(state_));
  }
  const E& error() const {
    SW_ASSERT(!has_value());
    return std::get<1>(state_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

// The value of a Result that only says whether something was done.
struct Done {};

}  // namespace seaworthy
