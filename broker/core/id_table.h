// IdTable keeps values by ids that are given out in rising order, as std::map does and in a third
// of its room: 64 neighbours share a page, which goes when the last of them goes. References stay
// valid until their value is erased. Pure.
//
// Pages are larger than what comes and goes with a message, so that they do not take the place that
// the next message would need, and leave a rest which nothing fits: 78 bytes for each of a million
// jobs, when sixteen shared a page.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <utility>

#include "shared/base/assert.h"

namespace seaworthy::broker {

template <class IdType, class T>
class IdTable {
  static constexpr uint64_t kPage = 64;

  struct Page {
    alignas(T) std::array<std::byte, kPage * sizeof(T)> bytes;
    uint64_t taken = 0;  // a bit for each that is there

    Page() = default;
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    ~Page() {
      for (uint64_t i = 0; i < kPage; ++i)
        if (has(i)) std::destroy_at(&value(i));
    }
    bool has(uint64_t place) const { return (taken >> place & 1) != 0; }
    T& value(uint64_t place) {
      return *std::launder(reinterpret_cast<T*>(bytes.data() + place * sizeof(T)));
    }
  };
  using Pages = std::map<uint64_t, std::unique_ptr<Page>>;

 public:
  // In the order of the ids. Dereferenced to {id, reference}.
  template <class Value>
  class Iterator {
   public:
    Iterator(typename Pages::const_iterator page, typename Pages::const_iterator end)
        : page_(page), end_(end) {
      to_next(0);
    }
    std::pair<IdType, Value&> operator*() const {
      return {IdType{page_->first * kPage + place_}, page_->second->value(place_)};
    }
    Iterator& operator++() {
      to_next(place_ + 1);
      return *this;
    }
    bool operator==(const Iterator& other) const {
      return page_ == other.page_ && place_ == other.place_;
    }

   private:
    void to_next(uint64_t place) {
      place_ = 0;
      for (; page_ != end_; ++page_, place = 0) {
        const uint64_t rest = place < kPage ? page_->second->taken >> place << place : 0;
        if (rest == 0) continue;
        place_ = static_cast<uint64_t>(std::countr_zero(rest));
        return;
      }
    }

    typename Pages::const_iterator page_, end_;
    uint64_t place_ = 0;
  };

  Iterator<const T> begin() const { return {pages_.begin(), pages_.end()}; }
  Iterator<const T> end() const { return {pages_.end(), pages_.end()}; }
  Iterator<T> begin() { return {pages_.begin(), pages_.end()}; }
  Iterator<T> end() { return {pages_.end(), pages_.end()}; }

  size_t size() const { return size_; }
  bool contains(IdType id) const { return find(id) != nullptr; }
  // Null if it is not there.
  const T* find(IdType id) const { return place_of(id); }
  T* find(IdType id) { return place_of(id); }
  const T& at(IdType id) const { return *expect(id); }
  T& at(IdType id) { return *expect(id); }

  // A new one; it must not be there.
  T& add(IdType id) {
    auto& page = pages_.try_emplace(pages_.end(), id.value / kPage)->second;
    if (!page) page = std::make_unique<Page>();
    const uint64_t place = id.value % kPage;
    SW_ASSERT(!page->has(place));
    T* made = std::construct_at(&page->value(place));
    page->taken |= uint64_t{1} << place;
    ++size_;
    return *made;
  }

  void erase(IdType id) {
    const auto page = pages_.find(id.value / kPage);
    if (page == pages_.end() || !page->second->has(id.value % kPage)) return;
    std::destroy_at(&page->second->value(id.value % kPage));
    page->second->taken &= ~(uint64_t{1} << id.value % kPage);
    if (page->second->taken == 0) {
      latest_ = nullptr;
      pages_.erase(page);
    }
    --size_;
  }

 private:
  T* place_of(IdType id) const {
    Page* page = page_of(id.value / kPage);
    if (page == nullptr || !page->has(id.value % kPage)) return nullptr;
    return &page->value(id.value % kPage);
  }
  // Null if it is not there. Neighbours are asked for one after another, and often.
  Page* page_of(uint64_t number) const {
    if (latest_ != nullptr && latest_number_ == number) return latest_;
    const auto page = pages_.find(number);
    if (page == pages_.end()) return nullptr;
    latest_number_ = number;
    return latest_ = page->second.get();
  }
  T* expect(IdType id) const {
    T* found = place_of(id);
    SW_ASSERT(found != nullptr);
    return found;
  }

  Pages pages_;
  mutable uint64_t latest_number_ = 0;
  mutable Page* latest_ = nullptr;  // what was asked for last, or null
  size_t size_ = 0;
};

}  // namespace seaworthy::broker
