// SortedPages keeps different values in order, as std::set does and in less than half of its room:
// neighbours share a page. All that is asked costs O(log n). A change makes iterators invalid.
// Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace seaworthy::broker {

template <class T>
class SortedPages {
  static constexpr size_t kMost = 128;  // values of a page
  // Never empty; by a value that is not greater than any of theirs, and greater than all of the
  // page before.
  using Pages = std::map<T, std::vector<T>>;

 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    Iterator(typename Pages::const_iterator page, size_t place) : page_(page), place_(place) {}
    reference operator*() const { return page_->second[place_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++place_ == page_->second.size()) ++page_, place_ = 0;
      return *this;
    }
    Iterator& operator--() {
      if (place_ == 0) place_ = (--page_)->second.size();
      --place_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    typename Pages::const_iterator page_;
    size_t place_;
  };

  bool empty() const { return pages_.empty(); }
  Iterator begin() const { return {pages_.begin(), 0}; }
  Iterator end() const { return {pages_.end(), 0}; }

  // The first value that is not less; that is greater.
  Iterator lower_bound(const T& value) const {
    return find(value, [](const auto& page, const T& it) {
      return std::lower_bound(page.begin(), page.end(), it);
    });
  }
  Iterator upper_bound(const T& value) const {
    return find(value, [](const auto& page, const T& it) {
      return std::upper_bound(page.begin(), page.end(), it);
    });
  }

  // False: it is there already.
  bool insert(const T& value) {
    const auto next = pages_.upper_bound(value);
    if (next == pages_.begin()) return start_with(next, value), true;
    const auto page = std::prev(next);
    std::vector<T>& values = page->second;
    const auto at = std::lower_bound(values.begin(), values.end(), value);
    if (at != values.end() && !(value < *at)) return false;
    if (values.size() < kMost) return values.insert(at, value), true;
    if (at == values.end()) return start_with(next, value), true;
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    pages_.emplace_hint(next, *half, std::vector<T>(half, values.end()));
    values.erase(half, values.end());
    values.shrink_to_fit();
    return insert(value);
  }

  // False: it was not there.
  bool erase(const T& value) {
    if (pages_.empty()) return false;
    const auto page = page_of(pages_, value);
    std::vector<T>& values = page->second;
    const auto at = std::lower_bound(values.begin(), values.end(), value);
    if (at == values.end() || value < *at) return false;
    values.erase(at);
    if (values.empty())
      pages_.erase(page);
    else if (values.size() < values.capacity() / 4)
      values.shrink_to_fit();
    return true;
  }

 private:
  // Puts the value, which is before all of this page, at its start; before it if it is full. So
  // pages are full of what comes in order, be it rising or falling.
  void start_with(typename Pages::iterator page, const T& value) {
    if (page == pages_.end() || page->second.size() == kMost) {
      pages_.emplace_hint(page, value, std::vector<T>{value});
      return;
    }
    const auto next = std::next(page);
    auto moved = pages_.extract(page);
    moved.key() = value;
    moved.mapped().insert(moved.mapped().begin(), value);
    pages_.insert(next, std::move(moved));
  }

  // Where it is or would be. There is a page.
  template <class SomePages>
  static auto page_of(SomePages& pages, const T& value) {
    const auto next = pages.upper_bound(value);
    return next == pages.begin() ? next : std::prev(next);
  }

  template <class Search>
  Iterator find(const T& value, Search search) const {
    if (pages_.empty()) return end();
    const auto page = page_of(pages_, value);
    const auto at = search(page->second, value);
    if (at == page->second.end()) return {std::next(page), 0};
    return {page, static_cast<size_t>(at - page->second.begin())};
  }

  Pages pages_;
};

}  // namespace seaworthy::broker
